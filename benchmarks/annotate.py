"""Articles a second and peak memory of each stage and of the whole command, beside spaCy's names where it is installed.

    python benchmarks/annotate.py [--articles 1000 10000] [--jobs 1 2] [--spacy en_core_web_sm]

Each row is one fresh process that makes, reads and forgets one article after another; the articles are made up from
templates under a fixed seed, about 900 words each. Each row includes the work of the rows above it, spaCy's has its
own. `annotate` is the command on a folder of such files, start and output included; `2 x annotate` is two of them
side by side, each with half of the files: what two workers could reach at best. The peak, of the largest process,
stands for a tenth of the articles and for all of them: equal where memory does not grow with the corpus.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from kzsec.annotations import annotation_rows
from kzsec.codebook import read_codebook
from kzsec.corpus import parse_text
from kzsec.entities import find_mentions

WORDS = 800  # the last paragraph goes beyond it, to 900 on average
SPACY_ARTICLES = 60
HEADER = "Publication: Eurasia Daily Monitor Volume: {} Issue: {}\n\n"
SLOTS = {
    "state": "Russia China Turkey Uzbekistan Azerbaijan Egypt Jordan Tajikistan Armenia France Germany Iran Israel".split(),
    "people": "Russian Chinese Turkish Uzbek Azeri Egyptian Jordanian Tajik Armenian French German Iranian Israeli".split(),
    "capital": "Moscow Beijing Ankara Tashkent Baku Cairo Amman Dushanbe Yerevan Paris Berlin Tehran Jerusalem".split(),
    "alliance": "NATO|the CSTO|the SCO|the OSCE|the European Union|the CIS".split("|"),
    "first": "Marat Aidar Sergei Viktor Ilham Mehmet Karim Hans Pierre Farid Timur Anna Olga Leyla".split(),
    "last": "Dosanov Petrenko Aliyev Yilmaz Karimov Weber Moreau Haddad Saparov Orlova Mirzoyan Tokarev".split(),
    "office": "Defense Minister|Foreign Minister|Deputy Prime Minister|Ambassador|General|President".split("|"),
    "topic": "border security|military training|arms deliveries|energy transit|drug trafficking|joint exercises".split("|"),
    "source": "Interfax-Kazakhstan|Kazinform|Itar-Tass|Khabar Television|Reuters|Kazakhstan Today".split("|"),
    "month": "January February March April May June July August September October November December".split(),
    "day": [str(day) for day in range(1, 29)],
    "event": "“Northern Wind-2006”|“Steppe Shield”|“Caspian Watch-2007”|“Peaceful Sky”".split("|"),
    "word": "steady cautious growing uncertain limited close practical quiet difficult slow".split(),
}
TEMPLATES = """
{people} {office} {first} {last} arrived in Astana on {month} {day} for talks on {topic}, which both sides described as {word} but useful ({source}, {month} {day}).
Kazakhstan signed an agreement on {topic} with {state} in {month}, according to the Kazakh Ministry of Defense, although the details of its financing have not been made public so far.
Officials in Astana fear that the {word} relations with {capital} may limit cooperation with {alliance} at a time when the country needs modern equipment and trained specialists, some of which {state} and {alliance} have offered.
{first} {last}, chairman of the Senate committee, said that Kazakhstan values its partnership with {alliance} and expects it to bring practical results within the next few years ({source}, {month} {day}).
The {people} Defense Ministry will send two hundred soldiers to the exercise {event} near Almaty next year, where they will practise the release of hostages and the defense of an oil terminal.
It remains unclear whether {capital} and Astana can agree on {topic}, because their interests in the region differ and neither of them is willing to pay for what the other needs most.
Much of the equipment is old, and the {word} pace of reform has disappointed many observers in the country, who had hoped that rising income from oil would soon change the state of the armed forces.
{last} denied that {state} had put any pressure on the government and called the reports groundless, but he did not explain why the visit had been put off twice within a single month ({source}, {month} {day}).
In {month} 2006 the parliament ratified a treaty with {state} on {topic}, which entered into force without debate and has been applied in a {word} manner ever since, whatever {capital} and {alliance} thought of it.
Analysts believe that {alliance} will keep a {word} interest in the Caspian Sea and in Central Asia as a whole, whatever the outcome of the elections that are due in several neighboring countries.
The two sides discussed {topic} and {topic}, and they agreed to meet again in {capital} before the end of the year in order to settle the questions that were left open at this meeting, as the {people} ambassador, {first} {last}, announced on {month} {day}.
“We see {state} as a reliable partner,” {last} told journalists after the meeting, adding that the plans for the coming year were larger than those of any year before ({source}, {month} {day}).
The border is long and hard to guard, the roads that lead to it are poor, and the officers who serve there complain of low pay, bad housing and a shortage of fuel, which makes smuggling easy.
""".strip().split("\n")


def articles(count: int) -> Iterator[tuple[str, str]]:
    """Name and text of `count` made-up articles, the same at every call."""
    rng = random.Random(20061107)
    for number in range(count):
        paragraphs, words = [], 0
        while words < WORDS:
            chosen = rng.choices(TEMPLATES, k=5)
            sentences = [line.format(**{slot: rng.choice(values) for slot, values in SLOTS.items()}) for line in chosen]
            paragraphs.append(" ".join(sentences))
            words += paragraphs[-1].count(" ") + 1
        yield f"{number:06}.txt", HEADER.format(3 + number % 10, number % 240 + 1) + "\n\n".join(paragraphs) + "\n"


def reader(stage: str) -> Callable[[str, str], object]:
    """What a stage does with one article; everything that is loaded once is loaded here."""
    if stage.startswith("spaCy"):
        import spacy

        pipeline = spacy.load(stage.split(" ")[1], exclude=["tagger", "parser", "attribute_ruler", "lemmatizer"])
        return lambda doc, text: pipeline(text).ents
    codebook = read_codebook()
    return {
        "sentences": lambda doc, text: parse_text(doc, text),
        "+ mentions": lambda doc, text: find_mentions(parse_text(doc, text), codebook),
        "+ coding": lambda doc, text: annotation_rows(parse_text(doc, text), codebook),
    }[stage]


def measure(stage: str, count: int) -> tuple[float, float]:
    """Articles a second and the peak of resident memory in MB, in this process or those that it starts."""
    whole = "annotate" in stage
    seconds = run_command(stage, count) if whole else run_stage(stage, count)
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return count / seconds, resource.getrusage(resource.RUSAGE_CHILDREN if whole else resource.RUSAGE_SELF).ru_maxrss / scale


def run_stage(stage: str, count: int) -> float:
    """Seconds that a stage takes for `count` articles."""
    read, seconds = reader(stage), 0.0
    for doc, text in articles(1):
        read(doc, text)
    for doc, text in articles(count):
        started = time.perf_counter()
        read(doc, text)
        seconds += time.perf_counter() - started
    return seconds


def run_command(stage: str, count: int) -> float:
    """Seconds from the start to the end of the command, or of as many at a time as the stage says."""
    runs = int(stage.split(" x ")[0]) if " x " in stage else 1
    jobs = stage.split("--jobs ")[1]
    with tempfile.TemporaryDirectory() as place:
        for number, (doc, text) in enumerate(articles(count)):
            path = Path(place, f"corpus{number % runs}", doc)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        calls = [[sys.executable, "-m", "kzsec", "annotate", f"{place}/corpus{n}", "--out", f"{place}/out{n}", "--jobs", jobs]
                 for n in range(runs)]  # fmt: skip
        started = time.perf_counter()
        processes = [subprocess.Popen(call, stderr=subprocess.DEVNULL) for call in calls]
        if any(process.wait() for process in processes):
            raise SystemExit(f"{stage}: failed")
        return time.perf_counter() - started


def pipelines(asked: str | None) -> list[str]:
    """The spaCy pipelines to run: the one asked for, else the small and middle English ones that are installed."""
    if not find_spec("spacy"):
        return []
    import spacy

    installed = spacy.util.get_installed_models()
    return [asked] if asked else sorted(name for name in installed if name.startswith(("en_core_web_sm", "en_core_web_md")))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000], metavar="N", help="how many articles (default: 10000)")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2], metavar="N", help="workers of the command (default: 1 2)")
    parser.add_argument("--spacy", metavar="NAME", help="the spaCy pipeline to run beside (default: those installed)")
    options = parser.parse_args()
    names = pipelines(options.spacy)
    commands = [f"annotate --jobs {jobs}" for jobs in options.jobs] + [f"{n} x annotate --jobs 1" for n in options.jobs if n > 1]
    stages = ["sentences", "+ mentions", "+ coding", *commands]
    rows = [(stage, count) for count in options.articles for stage in stages]
    rows += [(f"spaCy {name}", min([*options.articles, SPACY_ARTICLES])) for name in names]
    words = sum(len(text.split()) for _, text in islice(articles(20), 20)) / 20
    print(f"{'':<24}{'articles':>10}{'articles/s':>12}{'peak MB, tenth':>16}{'peak MB':>10}   articles of {words:.0f} words")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as one_at_a_time:
        for stage, count in rows:
            (_, tenth), (speed, peak) = one_at_a_time.map(measure, [stage] * 2, [max(1, count // 10), count])
            print(f"{stage:<24}{count:>10,}{speed:>12,.1f}{tenth:>16,.0f}{peak:>10,.0f}", flush=True)
    if not names:
        print("spaCy: skipped, not installed or without an English pipeline")
    return 0


if __name__ == "__main__":
    sys.exit(main())
