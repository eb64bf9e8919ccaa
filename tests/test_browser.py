"""The site in a real browser: offline, in two widths and two schemes, by keyboard, without script, printed, attacked.

Needs Chromium (Debian: `apt-get install chromium`); skipped without it, except where the variable CI is set.
"""

import os
import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None and not os.environ.get("CI"):
    pytest.skip("no Chromium found: the pages were not opened in a browser (Debian: apt-get install chromium)", allow_module_level=True)

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
# the address that a click on the middle of a mark leads to
HIT = "e => { const r = e.getBoundingClientRect(); return document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2).closest('a').getAttribute('href') }"
SIZES = {1280: 900, 390: 844}


@pytest.fixture(scope="module")
def browser(site, attacked):
    """Chromium, started when the sites are made: making them needs an event loop of its own."""
    assert CHROMIUM, "CI must have Chromium; .ci/run installs it"
    with sync_playwright() as playwright:
        with_it = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield with_it
        with_it.close()


class Watched:
    """A page that notes every request, every word on the console and every dialog."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(offline=True, **options)
        self.page = self.context.new_page()
        self.requests, self.said, self.dialogs = [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def open(self, address):
        self.page.goto(address if isinstance(address, str) else address.as_uri())
        return self.page


@pytest.fixture
def watch(browser):
    """A function that opens a watched page with the options of a browser's context."""
    return lambda **options: Watched(browser, **options)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
def test_every_page_is_quiet_accessible_and_fits(site, watch, tmp_path_factory, width, scheme):
    shots = tmp_path_factory.mktemp(f"shots-{width}-{scheme}")
    with watch(viewport={"width": width, "height": SIZES[width]}, color_scheme=scheme) as seen:
        pages = sorted(site.rglob("*.html"))
        for path in pages:
            page = seen.open(path)
            page.screenshot(path=shots / f"{path.stem}.png")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path.name}: {found.generate_report()}"
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path.name
            assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == scheme
        assert seen.requests == [path.as_uri() for path in pages]
        assert seen.said == []
    print(f"screenshots: {shots}")


def test_every_link_of_the_pages_leads_somewhere(site, watch):
    """As the browser resolves it, drawings included."""
    ids, links = {}, {}
    gather = "[...document.querySelectorAll('a[href]')].map(a => new URL(a.getAttribute('href'), document.baseURI).href)"
    with watch() as seen:
        for path in sorted(site.rglob("*.html")):
            page = seen.open(path)
            ids[path.as_uri()] = set(page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)"))
            links[path.as_uri()] = set(page.evaluate(gather))
    assert sum(map(len, links.values())) > 1000
    for here, found in links.items():
        for link in found:
            address, _, anchor = link.partition("#")
            assert address.startswith(site.as_uri()), (here, link)
            assert Path(re.sub("^file://", "", address)).is_file(), (here, link)
            assert not anchor or anchor in ids[address], (here, link)


def test_a_mark_leads_to_its_sentence_and_back(site, study, watch):
    texts = {(a.doc, s.para, s.sent): " ".join(a.text[s.start : s.end].split()) for a in study.corpus.articles for s in a.sentences}
    by_page = {doc: doc for doc, _, _ in texts}
    tried = 0
    with watch(viewport={"width": 1280, "height": 900}) as seen:
        for path in sorted(site.glob("0*.html")):
            page = seen.open(path)
            marks = page.evaluate("[...document.querySelectorAll('figure svg a')].map((a, n) => [n, a.getAttribute('href')])")
            straight = [n for n, href in marks if href.startswith("articles/")]
            for number in straight[:2] + straight[-1:]:
                page = seen.open(path)
                mark = page.locator("figure svg a").nth(number)
                mark.scroll_into_view_if_needed()
                assert mark.evaluate(HIT) == mark.get_attribute("href")
                mark.click(force=True)
                page.wait_for_url("**/articles/**")
                doc = next(doc for doc in by_page if f"/articles/{doc}.html#" in page.url)
                para, sent = map(int, re.search(r"#p(\d+)s(\d+)$", page.url).groups())
                target = page.locator(":target")
                assert target.evaluate("e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.top < innerHeight && r.width > 0 }")
                shown = target.evaluate("e => { const c = e.cloneNode(true); c.querySelectorAll('small').forEach(s => s.remove()); return c.textContent }")
                assert " ".join(shown.split()) == texts[doc, para, sent]
                note = page.locator(f"#n-p{para}s{sent}")
                note.locator("summary").click()
                back = note.locator(f'a[href^="../{path.name}#"]').first
                assert back.is_visible()
                back.click()
                page.wait_for_url(f"**/{path.name}#*")
                assert page.locator(":target").is_visible()
                tried += 1
            for number in [n for n, href in marks if href.startswith("#")][:1]:
                page = seen.open(path)
                page.locator("figure svg a").nth(number).click(force=True)
                assert page.locator(":target").is_visible()
                page.locator(":target a").first.click()
                page.wait_for_url("**/articles/**")
                tried += 1
    assert tried >= 15


def test_a_claim_leads_to_its_evidence_in_one_click(site, watch):
    with watch() as seen:
        page = seen.open(site / "00-overview.html")
        for number in range(page.locator(".answer a.ref").count()):
            page = seen.open(site / "00-overview.html")
            page.locator(".answer a.ref").nth(number).click()
            assert page.locator(":target").is_visible()


def test_keyboard_alone_reaches_the_skip_link_the_switches_and_the_sorting(site, watch):
    focused = "document.activeElement.id || document.activeElement.className"
    with watch(color_scheme="light") as seen:
        page = seen.open(site / "03-alignment.html")
        page.keyboard.press("Tab")
        assert page.evaluate(focused) == "skip"
        assert page.locator(".skip").evaluate("e => e.getBoundingClientRect().left >= 0")
        order = []
        while order[-1:] != ["scheme"] and len(order) < 40:
            page.keyboard.press("Tab")
            order.append(page.evaluate(focused))
        assert order[-2:] == ["code", "scheme"]
        page.keyboard.press("Enter")
        assert page.evaluate("document.documentElement.dataset.scheme") == "dark"
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        assert page.locator("details.code:not([open])").count() == 0
        page = seen.open(site / "05-multi-vector.html")
        assert page.evaluate("document.documentElement.dataset.scheme") == "dark"
        assert page.locator("details.code[open]").count() > 3
        page.locator("#code").press("Enter")
        assert page.locator("details.code[open]").count() == 0
        table = page.locator(".tabled table", has=page.locator("button.sort")).first
        button = table.locator("button.sort").nth(1)
        rows = table.locator("tbody tr")
        before = rows.all_text_contents()
        column = "(t => [...t.tBodies[0].rows].map(r => parseFloat(r.cells[1].textContent)))"
        for state, check in (("ascending", sorted), ("descending", lambda x: sorted(x, reverse=True))):
            button.press("Enter")
            assert table.locator(f"th[aria-sort={state}]").count() == 1
            values = table.evaluate(column)
            assert values == check(values)
        button.press("Enter")
        assert rows.all_text_contents() == before
        assert table.locator("th[aria-sort]").count() == 0


def test_an_article_is_filtered_by_vector_even_without_script(site, watch):
    address = next(path for path in sorted((site / "articles").iterdir()))
    for script in (True, False):
        with watch(java_script_enabled=script) as seen:
            page = seen.open(address)
            every = page.locator(".notes li").count()
            assert page.locator(".notes li:visible").count() == every > 20
            page.locator("#f-russia").check()
            shown = page.locator(".notes li:visible").count()
            assert 0 < shown == page.locator(".notes li.v-russia").count() < every
            assert page.locator(".s:visible").count() == every
            page.locator("#f-names").uncheck()
            assert page.locator(".s:visible").count() == every


def test_all_sentences_are_searched_by_word_vector_and_stance(site, study, watch):
    codings = study.coding.codings
    both = codings[(codings["vector"] == "russia") & (codings["stance"] == "friction")]
    texts = study.corpus.sentences["text"]
    for script in (True, False):
        with watch(java_script_enabled=script) as seen:
            page = seen.open(site / "sentences.html")
            shown = page.locator(".found li:visible")
            assert shown.count() == len(texts)
            page.locator("#f-russia").check()
            page.locator("#f-friction").check()
            assert shown.count() == len(both)
            assert page.locator("#search").is_visible() == script
            if script:
                assert page.locator("#search output").inner_text() == f"{len(both)} sentences"
                page.locator("[name=vector]").first.check()
                page.locator("[name=stance]").first.check()
                page.locator("#search input").fill("KAZBAT iraq")
                assert 0 < shown.count() == sum("kazbat" in text.lower() and "iraq" in text.lower() for text in texts)
                assert page.locator("#search output").inner_text() == f"{shown.count()} sentences"
                shown.first.locator("a").click()
                page.wait_for_url("**/articles/**")
                assert page.locator(":target").is_visible()
            assert seen.said == []


def test_code_and_citation_are_copied(site, watch):
    with watch() as seen:
        page = seen.open(site / "03-alignment.html")
        page.locator("#code").click()
        page.locator("details.code .copy").first.click()
        assert page.locator("details.code .copy").first.inner_text() == "Copied"
        assert page.evaluate("getSelection().toString()").startswith("corpus = None  # a folder of articles")
        page = seen.open(next(iter(sorted((site / "articles").iterdir()))))
        page.locator(".notes summary").first.click()
        page.locator(".notes .copy").first.click()
        assert page.evaluate("getSelection().toString()").strip() == page.locator(".cite").first.inner_text()


def test_without_script_all_can_be_read(site, watch):
    with watch(java_script_enabled=False) as seen:
        for path in sorted(site.rglob("*.html")):
            page = seen.open(path)
            assert page.locator("button:visible").count() == 0
            assert page.locator("table:visible").count() == page.locator("table").count()
            assert page.locator("h1").is_visible()
            assert page.locator("main p:visible").count() >= 1


def test_what_is_cut_at_the_side_says_so(site, watch):
    """A line above it while there is something to scroll to, none where all is seen or on paper."""
    frames = (
        "[...document.querySelectorAll('.canvas, .scroll')].filter(e => e.getClientRects().length)"
        ".map(e => [e.scrollWidth > e.clientWidth + 1, getComputedStyle(e, '::before').display === 'block'])"
    )
    for width, cut_somewhere in ((390, True), (1280, False)):
        with watch(viewport={"width": width, "height": 844}) as seen:
            found = []
            for path in sorted(site.glob("0*.html")):
                page = seen.open(path)
                page.wait_for_function(f"({frames}).every(([cut, told]) => cut === told)")
                found += page.evaluate(frames)
                page.emulate_media(media="print")
                assert not any(told for _, told in page.evaluate(frames))
                page.emulate_media(media="screen")
            assert any(cut for cut, _ in found) == cut_somewhere


def test_the_menu_leaves_the_screen_to_the_page(site, watch):
    for width, most in ((390, 190), (700, 150), (1280, 80)):
        with watch(viewport={"width": width, "height": 900}) as seen:
            page = seen.open(site / "05-multi-vector.html")
            assert page.locator("header.site").bounding_box()["height"] < most


def test_print_cuts_no_table_and_shows_no_code(site, watch, tmp_path):
    wide = (
        "[...document.querySelectorAll('table, figure svg, pre')].filter(e => e.getClientRects().length)"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.textContent.slice(0, 60))"
    )
    with watch(viewport={"width": 680, "height": 960}, color_scheme="dark") as seen:
        for path in sorted(site.rglob("*.html")):
            page = seen.open(path)
            page.emulate_media(media="print")
            assert page.evaluate(wide) == [], path.name
            assert page.locator("details.code:visible, nav:visible, button:visible, details.evidence li:visible").count() == 0
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.pdf(path=tmp_path / "page.pdf")[:5] == b"%PDF-"


def test_attacks_do_nothing_in_the_browser(attacked, watch):
    with watch() as seen:
        pages = sorted(attacked.rglob("*.html"))
        for path in pages:
            page = seen.open(path)
            assert page.locator("main").is_visible()
            assert page.locator("footer.site").is_visible()
            page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
            page.evaluate("document.querySelectorAll('main a, main mark').forEach(e => e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true})))")
        assert seen.requests == [path.as_uri() for path in pages]
        assert seen.said == []
        assert seen.dialogs == []
        for path in attacked.rglob("*.svg"):
            seen.open(path)
        assert seen.dialogs == []
        assert all(request.startswith(attacked.as_uri()) for request in seen.requests)
