# SPDX-License-Identifier: Apache-2.0
"""Each specification that a comment cites is in docs/references.md."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMENT = re.compile(r"/\*.*?\*/", re.S)
# "[TAG 1.2]", "[TAG]" or "[A 1, 2; B 3]" in a comment: a tag has three characters or more and a capital at the start.
CITED = re.compile(r"(?<![\w\]*])\[([^\[\]]{2,160})\]")
TAG = re.compile(r"^(?:RFC \d+|[A-Z][A-Za-z0-9]*[A-Z0-9a-z](?:-[A-Z0-9]+)*)(?=$|[ ,])")


def known_tags():
    tags = set()
    for line in (ROOT / "docs/references.md").read_text().splitlines():
        if line.startswith("| ") and not line.startswith(("| tag", "| ---")):
            tags.update(tag.strip() for tag in line.split("|")[1].split(","))
    return tags


def cited_tags():
    """(tag, file) of each citation.  RFCs name themselves."""
    for path in sorted((ROOT / "src").rglob("*.[chS]")):
        for comment in COMMENT.findall(path.read_text()):
            for inner in CITED.findall(comment):
                for part in re.split(r"; ", " ".join(inner.replace("*", " ").split())):
                    found = TAG.match(part)
                    if found and re.search(r"[A-Z]{2}.", found.group()) and not found.group().startswith("RFC"):
                        yield found.group(), path.relative_to(ROOT)


def test_every_cited_specification_is_listed():
    known = known_tags()
    missing = sorted({f"{tag} ({path})" for tag, path in cited_tags() if tag not in known})
    assert not missing, "add to docs/references.md: " + ", ".join(missing)


def test_citations_are_found_at_all():
    tags = {tag for tag, _ in cited_tags()}
    assert {"SDM3D", "FIPS180", "SP800-38B", "QUOTE3"} <= tags
