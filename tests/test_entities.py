"""Entities: rules in and out, the bars on the reference coding, and what holds of every text."""

import json
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from time import process_time
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kzsec
from kzsec.__main__ import main
from kzsec.codebook import Codebook, CodebookError, read_codebook
from kzsec.corpus import parse_text
from kzsec.entities import EngineError, find_mentions, load_engine
from kzsec.lexicon import codebook_without, fold, lexicon_of, vectors_of

SEEDS = Path(__file__).parents[1] / "seeds"
HEADER = "Publication: Eurasia Daily Monitor Volume: {} Issue: 90\n\n"


@pytest.fixture(scope="module")
def codebook():
    return read_codebook()


def read(text: str, codebook, *, volume: int = 3):
    return find_mentions(parse_text("a.txt", HEADER.format(volume) + text + "\n"), codebook)


def brief(text: str, codebook) -> str:
    return "; ".join(f"{m.text}={m.type} {m.id}" for m in read(text, codebook))


RULES = [
    # titles, offices, appositions, verbs of saying, shapes of names
    ("They met Colonel-General Umar Darwish.", "Umar Darwish=PERSON umar-darwish"),
    ("He thanked Aidar Omurov, chairman of the board.", "Aidar Omurov=PERSON aidar-omurov"),
    ("Agriculture Minister [Askar] Dosanov will lead it.", "[Askar] Dosanov=PERSON askar-dosanov"),
    ("His counterpart, al-Masri, left.", "al-Masri=PERSON al-masri"),
    ("Ambassador Pieter van der Molen spoke.", "Pieter van der Molen=PERSON pieter-van-der-molen"),
    ("The envoy Park Jong-min came.", "Park Jong-min=PERSON park-jong-min"),
    ("In Amman Sheikh Sultan bin Khalifa spoke.", "Amman=GPE amman; Sultan bin Khalifa=PERSON sultan-bin-khalifa"),
    # a short form goes with the long one, a spelling with the table's
    (
        "Marat Dosanov spoke. Then Dosanov left.",
        "Marat Dosanov=PERSON marat-dosanov; Dosanov=PERSON marat-dosanov",
    ),
    ("President Nursultan Nazarbaev spoke.", "Nursultan Nazarbaev=PERSON nursultan-nazarbayev"),
    # bodies
    ("The Kazakh Defense Ministry agreed.", "Kazakh Defense Ministry=ORG kz-ministry-of-defense"),
    ("The Uzbek Ministry of Defence agreed.", "Uzbek Ministry of Defence=ORG uz-ministry-of-defense"),
    ("Russia’s Foreign Ministry agreed.", "Russia=GPE russia; Foreign Ministry=ORG ru-ministry-of-foreign-affairs"),
    (
        "The Kyrgyz State Border Committee (KSC) met. The KSC rose.",
        "Kyrgyz State Border Committee=ORG kg-state-border-committee; KSC=ORG kg-state-border-committee; "
        "KSC=ORG kg-state-border-committee",
    ),
    (
        "The Asian Forum on River Transport (AFRT) met.",
        "Asian Forum on River Transport=ORG asian-forum-on-river-transport; AFRT=ORG asian-forum-on-river-transport",
    ),
    ("The Polish Embassy closed.", "Polish Embassy=ORG pl-embassy-in-kazakhstan"),
    ("He served in military unit No. 5573.", "military unit No. 5573=ORG military-unit-5573"),
    # events
    ("The exercise “Northern Wind-2005” began.", "Northern Wind-2005=EVENT northern-wind-2005"),
    ("Police ran an operation codenamed Poppy.", "Poppy=EVENT operation-poppy"),
    ("2009 was the Year of Kazakhstan in China.", "2009=DATE 2009; Year of Kazakhstan in China=EVENT year-of-kazakhstan-in-china"),
    # peoples
    ("A Kazakh-Turkish deal and pro-Western and Soviet-era views",
     "Kazakh-Turkish=NORP kazakhstan-turkey; Western=NORP west; Soviet=NORP soviet-union"),
    # capitals
    ("Talks were held in Astana.", "Astana=GPE astana"),
    ("Officials in Astana fear it.", "Astana=GPE kazakhstan"),
    ("Moscow and Beijing are wary.", "Moscow=GPE russia; Beijing=GPE china"),
    ("A visit to Tashkent", "Tashkent=GPE tashkent"),
    ("ties with Tashkent", "Tashkent=GPE uzbekistan"),
    ("the Washington-Baku axis", "Washington=GPE united-states; Baku=GPE azerbaijan"),
    # words that are names only sometimes
    ("Michael Jordan won. Jordan smiled.", "Michael Jordan=PERSON michael-jordan; Jordan=GPE jordan"),
    ("The Alliance met NATO’s chief.", "Alliance=ORG nato; NATO=ORG nato"),
    ("The alliance met. An alliance holds.", ""),
    ("Roast the Turkey breast slowly.", ""),
    ("Many officials met in parliament. Regional powers agreed.", ""),
    ("MiG-31 fighters and a Kazanka-type boat", ""),
    # places
    ("near the Kyzylbas training ground", "Kyzylbas=GPE kyzylbas"),
    ("in Omsk region and the Caspian region", "Omsk region=GPE omsk-region; Caspian=LOC caspian-sea"),
    ("KAZAKHSTAN AND NATO MEET IN ASTANA TODAY", "KAZAKHSTAN=GPE kazakhstan; NATO=ORG nato; ASTANA=GPE astana"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), RULES, ids=[text for text, _ in RULES])
def test_rules(text, expected, codebook):
    assert brief(text, codebook) == expected


def test_office_and_partner_stand_with_a_person(codebook):
    text = "Jordanian Defense Minister Maruf Haddad met Klaas Visser, the Dutch ambassador, in Astana."
    people = {m.id: (m.office, m.partner, m.vectors) for m in read(text, codebook) if m.type == "PERSON"}
    assert people == {
        "maruf-haddad": ("Defense Minister", ("jordan",), ("middle_east",)),
        "klaas-visser": ("Dutch ambassador", ("netherlands",), ("nato",)),
    }


def test_vectors_follow_the_codebook_and_the_year(codebook):
    assert vectors_of("sco", codebook) == ("russia", "china")
    assert vectors_of("kazakhstan", codebook) == vectors_of("afghanistan", codebook) == ()
    assert vectors_of("albania", codebook, year=2006) == ()
    assert vectors_of("albania", codebook, year=2012) == ("nato",)
    assert lexicon_of(codebook).by_id["jaap-de-hoop-scheffer"] == ("nato",)
    joint = read("the Kazakh-Azeri plan (Interfax, June 3)", codebook)
    assert [m.vectors for m in joint] == [("region",), (), ()]


def test_spellings_fold_to_one_key():
    assert fold("Dzhaksybekov") == fold("Zhaksybekov")
    assert fold("Altynbaev") == fold("Altynbayev")
    assert fold("Akhmetov") != fold("Akimov")


@pytest.mark.parametrize("pattern", ["({title}", "{nothing} <"])
def test_a_context_that_cannot_be_used_is_named(pattern, codebook):
    row = {"of": "name", "rule": "kind", "type": "ORG", "pattern": pattern, "example": ""}
    with pytest.raises(CodebookError, match=r"contexts.csv: `.*; mend the pattern"):
        read("The envoy saw Zenit.", Codebook({**codebook.tables, "contexts": (row,)}, pattern))


NAMES = {"the steppe": "LOC", "Kazakhstan": "ORG", "ten": "CARDINAL"}


class Blank:
    """A pipeline whose names are the places of some words in a sentence, as spaCy gives them."""

    def pipe(self, texts):
        for text in texts:
            at = [(text.find(part), part, label) for part, label in NAMES.items()]
            ents = [
                SimpleNamespace(start_char=n, end_char=n + len(part), label_=label) for n, part, label in at if n >= 0
            ]
            yield SimpleNamespace(ents=ents)


def test_a_pipeline_adds_only_what_the_rules_lack(codebook):
    article = parse_text("a.txt", HEADER.format(3) + "It is vast. Kazakhstan lies in the steppe with ten rivers.\n")
    mentions = find_mentions(article, codebook, pipeline=Blank())
    assert [(m.text, m.type, m.rule) for m in mentions] == [
        ("Kazakhstan", "GPE", "table:states"),
        ("steppe", "LOC", "spacy"),
    ]


@pytest.fixture
def spacy(monkeypatch):
    """A stand-in for spaCy that has one pipeline, `blank`."""

    def load(name, **_):
        if name != "blank":
            raise OSError(name)
        return Blank()

    monkeypatch.setitem(sys.modules, "spacy", SimpleNamespace(load=load))


def test_an_engine_that_is_there(spacy, folder, tmp_path):
    root = folder({"a.txt": "Kazakhstan lies in the steppe."})
    assert kzsec.annotate(kzsec.read_corpus(root), engine="spacy:blank").coder == "spacy:blank"
    assert main(["annotate", str(root), "--out", str(tmp_path / "t"), "--format", "jsonl", "--engine", "spacy:blank"]) == 0
    assert json.loads((tmp_path / "t" / "documents.jsonl").read_text())["engine"] == "spacy:blank"
    assert json.loads((tmp_path / "t" / "mentions.jsonl").read_text().splitlines()[1])["rule"] == "spacy"


@pytest.mark.parametrize("engine", ["spacy:none", "spacy:", "magic"])
def test_an_engine_that_is_not_there(engine, spacy, folder, tmp_path, capsys):
    assert main(["annotate", str(folder({"a.txt": "Kazakhstan."})), "--out", str(tmp_path / "t"), "--engine", engine]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "t").exists()


def test_an_engine_without_spacy(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(EngineError, match="pip install spacy"):
        load_engine("spacy:blank")
    assert load_engine("rules") is None


# -- the bars


@pytest.fixture(scope="module")
def seeds():
    gold = defaultdict(dict)
    for line in (SEEDS / "gold" / "entities.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        gold[row["doc"]][row["start"], row["end"], row["type"]] = row["id"]
    articles = {doc: parse_text(doc, (SEEDS / doc).read_bytes().decode("utf-8")) for doc in gold}
    return articles, gold


def bars(articles, gold, codebook_of) -> tuple[float, float]:
    """Exact F1 of span and type, and the share of matched mentions with the right id."""
    hits = found = wanted = right = 0
    for doc, article in articles.items():
        mine = {(m.start, m.end, m.type): m.id for m in find_mentions(article, codebook_of(doc))}
        both = mine.keys() & gold[doc].keys()
        hits, found, wanted = hits + len(both), found + len(mine), wanted + len(gold[doc])
        right += sum(mine[key] == gold[doc][key] for key in both)
    return 2 * hits / (found + wanted), right / hits


def test_seeds(seeds, codebook):
    f1, ids = bars(*seeds, lambda doc: codebook)
    assert f1 >= 0.97
    assert ids >= 0.97


def test_leave_one_article_out(seeds, codebook):
    articles, gold = seeds

    def without(doc):
        return codebook_without(codebook, articles[doc], [a for other, a in articles.items() if other != doc])

    assert len(without(next(iter(articles)))["people"]) < len(codebook["people"])
    assert bars(articles, gold, without)[0] >= 0.92


# -- what holds of every text

PARTS = [text for text, _ in RULES] + [
    "(Interfax, May 3)",
    "“Quoted,” he said.",
    "\n\n",
    "Қазақ",
    "A. B. C.",
    "(ABC)",
    "—",
    "'s",
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=8).map(" ".join))
def test_mentions_lie_in_sentences_sorted_and_apart(text):
    article = parse_text("a.txt", HEADER.format(3) + text + "\n")
    mentions = find_mentions(article, read_codebook())
    sentences = {(s.para, s.sent): s for s in article.sentences}
    assert [(m.start, m.end) for m in mentions] == sorted((m.start, m.end) for m in mentions)
    assert all(a.end <= b.start for a, b in pairwise(mentions))
    for m in mentions:
        assert m.text == article.text[m.start : m.end] != ""
        assert sentences[m.para, m.sent].start <= m.start < m.end <= sentences[m.para, m.sent].end


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(text):
    find_mentions(parse_text("a.txt", text), read_codebook())


def test_other_articles_change_nothing(seeds, codebook):
    articles, _ = seeds
    forward = {doc: find_mentions(article, codebook) for doc, article in articles.items()}
    backward = {doc: find_mentions(articles[doc], codebook) for doc in reversed(articles)}
    assert forward == backward


def test_capitals_without_end_are_read(codebook):
    for unit in ("Abc Def ", '"Abc ', "Work ", "Ivan Petrov and "):
        assert isinstance(read(unit * 4000, codebook), list)


def test_reading_is_linear_in_the_length_of_a_line(codebook):
    """Eight times the text is at most about eight times the work, where a quadratic step would make it 64 times."""

    def seconds(text):
        started = process_time()
        find_mentions(parse_text("a.txt", HEADER.format(3) + text), codebook)
        return process_time() - started

    for unit in ("Abc-", "a-b.", "Kazakhstan and Umar Darwish met in Astana. "):
        short = min(seconds(unit * 1500) for _ in range(3))
        assert seconds(unit * 12_000) < 24 * short + 0.1


def test_text_in_another_language_has_dates_and_sources_at_most(codebook):
    mentions = read("Президент принял посла 7 ноября 2006 года в Астане. Встреча прошла хорошо.", codebook)
    assert {m.type for m in mentions} <= {"DATE", "MEDIA"}
