"""The command line: `python -m kzsec report | annotate | check`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from . import __version__


class CallError(ValueError):
    """A call that cannot be carried out as it stands; the message names the cure."""


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 done, 1 the data is at fault, 2 the call is at fault."""
    options = _parser().parse_args(argv)
    try:
        return options.run(options)
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except Exception as error:
        if (status := _status(error)) is None:
            raise
        return _complain(error, status)


def _status(error: Exception) -> int | None:
    """The exit status for a fault of the call or of the data, None for one of kzsec; a run without a fault imports none of this."""
    from .codebook import CodebookError
    from .corpus import CorpusError
    from .entities import EngineError
    from .output import StreamError
    from .report import ReportError

    statuses = {CallError: 2, EngineError: 2, StreamError: getattr(error, "status", 1), CorpusError: 1, CodebookError: 1, ReportError: 1}
    return next((status for kind, status in statuses.items() if isinstance(error, kind)), None)


def _complain(error: Exception, status: int) -> int:
    print(f"kzsec: {' '.join(str(error).split())}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kzsec", description="Evidence of a state's security partners in analyst articles.")
    parser.add_argument("--version", action="version", version=f"kzsec {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run, what: str, example: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=what, description=what, epilog=f"Example: python -m kzsec {example}")
        made.set_defaults(run=run)
        return made

    report = command("report", _report, "run the notebooks and write the linked HTML report", "report --corpus my_articles --out my_report")
    report.add_argument("--corpus", metavar="DIR", help="a folder of articles or one file (default: the five seed articles)")
    report.add_argument("--out", default="reports", metavar="DIR", help="where the report goes (default: reports)")
    report.add_argument("--jobs", type=_positive, metavar="N", help="notebooks run at a time (default: one a core)")
    report.add_argument("--codebook", metavar="DIR", help="a folder with tables that replace the shipped ones")
    report.add_argument("--fresh", action="store_true", help="run every notebook again, whatever is kept of earlier runs")

    annotate = command("annotate", _annotate, "code a corpus and write its tables", "annotate my_articles --out tables --format csv")
    annotate.add_argument("corpus", metavar="CORPUS", help="a folder of articles or one file")
    annotate.add_argument("--out", required=True, metavar="DIR", help="a new or empty folder for the tables")
    annotate.add_argument("--format", choices=("parquet", "csv", "jsonl"), default="parquet")
    annotate.add_argument("--engine", default="rules", metavar="NAME", help="rules (default), or spacy:NAME to add what an installed spaCy pipeline finds")
    annotate.add_argument("--codebook", metavar="DIR", help="a folder with tables that replace the shipped ones")
    annotate.add_argument("--jobs", type=_positive, metavar="N", help="processes at a time (default: one a core)")
    annotate.add_argument("--scheduler", metavar="ADDRESS", help="a running Dask cluster to work on, as tcp://host:8786")
    annotate.add_argument("--against", metavar="DIR", help="tell what changed since this earlier output: articles, codings, acts, findings")
    annotate.add_argument("--resume", action="store_true", help="go on where an interrupted run into DIR stopped")

    check = command("check", _check, "say what became of each file and why", "check my_articles --strict")
    check.add_argument("corpus", metavar="CORPUS", help="a folder of articles or one file")
    check.add_argument("--format", choices=("table", "jsonl"), default="table")
    check.add_argument("--strict", action="store_true", help="exit 1 if any file was quarantined")
    return parser


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of jobs; give 1 or more")
    return number


def _existing(path: str | None) -> str | None:
    if path is not None and not Path(path).exists():
        raise CallError(f"{path}: no such file or folder; give a folder of articles or one article")
    return path


def _report(options: argparse.Namespace) -> int:
    from . import cache

    if options.codebook and not Path(options.codebook).is_dir():
        raise CallError(f"{options.codebook}: no such folder; give a folder of codebook tables")
    out = Path(options.out).absolute()
    parameters = cache.parameters_for(_existing(options.corpus), options.codebook)
    if not options.fresh and cache.is_current(out, cache.notebook_keys(cache.NOTEBOOKS, parameters)):
        print(f"kzsec: nothing changed since the last run; open {out / 'index.html'}", file=sys.stderr)
        return 0
    from .report import report

    first = report(options.corpus, out, jobs=options.jobs, codebook=options.codebook, fresh=options.fresh)
    print(f"kzsec: open {first}", file=sys.stderr)
    return 0


def _annotate(options: argparse.Namespace) -> int:
    from .changes import check_earlier, compare
    from .output import written
    from .stream import annotate_files

    if options.codebook and not Path(options.codebook).is_dir():
        raise CallError(f"{options.codebook}: no such folder; give a folder of codebook tables")
    _existing(options.corpus)
    out, earlier = Path(options.out), options.against and Path(options.against)
    if earlier:
        check_earlier(earlier, out)
    try:
        counts = annotate_files(
            options.corpus, out, format=options.format, engine=options.engine, codebook=options.codebook,
            jobs=options.jobs, scheduler=options.scheduler, resume=options.resume,
        )  # fmt: skip
        if any(out.glob("corrections*")):
            from .corrections import corrections_lines

            for line in corrections_lines((row["line"], row["outcome"]) for row in written(out, "corrections", ["line", "outcome"])):
                print(f"kzsec: {line}", file=sys.stderr)
        print(f"kzsec: {sum(counts.values())} files ({_counted(counts)}) -> {out}", file=sys.stderr)
        for line in compare(earlier, out, format=options.format, codebook=options.codebook) if earlier else ():
            print(line)
    except KeyboardInterrupt:
        return _complain(InterruptedError(f"{out}: stopped; what is written stays, go on with --resume"), 130)
    return 0


def _counted(counts: Counter) -> str:
    return ", ".join(f"{status} {counts[status]}" for status in ("accepted", "repaired", "duplicate", "quarantined"))


def _check(options: argparse.Namespace) -> int:
    from .corpus import list_files, read_records

    root = Path(_existing(options.corpus))
    counts: Counter = Counter()
    rows = []
    for record in read_records(root):
        counts[record.status] += 1
        rows.append({"doc": record.doc, "status": record.status, "reason": record.reason or record.duplicate_of,
                     "detail": record.detail, "encoding": record.encoding, "repairs": list(record.repairs)})  # fmt: skip
    skipped = [{"doc": doc, "status": "skipped", "reason": reason, "detail": "", "encoding": "", "repairs": []}
               for doc, reason in list_files(root)[1]]  # fmt: skip
    for row in [*rows, *skipped]:
        print(json.dumps(row) if options.format == "jsonl" else _line(row))
    print(f"kzsec: {_counted(counts)} = {len(rows)} files seen; skipped {len(skipped)}", file=sys.stderr)
    return int(options.strict and counts["quarantined"] > 0)


def _line(row: dict) -> str:
    """One file's line; a name with line ends or control characters stays on it."""
    about = "; ".join(part for part in (row["reason"], row["detail"], row["encoding"], ", ".join(row["repairs"])) if part)
    return "  ".join(repr(cell)[1:-1] for cell in (f"{row['status']:<11}", row["doc"], about))


if __name__ == "__main__":
    sys.exit(main())
