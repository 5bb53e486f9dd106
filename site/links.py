"""Links to files outside of docs/ lead nowhere on the site: their path is named instead."""

import re

OUTSIDE = re.compile(r"\[([^\]]+)\]\((\.\./[^)#]+)(#[^)]*)?\)")


def on_page_markdown(markdown, page, **_):
    depth = page.file.src_uri.count("/")

    def named(link):
        words, path = link[1], link[2]
        # From a page in a folder, the first `../` is docs/ itself.
        up = len(re.match(r"(\.\./)*", path)[0]) // 3
        if up <= depth:
            return link[0]
        path = path.replace("../", "")
        return words if words.strip("`") == path else f"{words} (`{path}`)"

    return OUTSIDE.sub(named, markdown)
