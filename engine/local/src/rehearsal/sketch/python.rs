//! A service in Python with an endpoint for each requirement, and its tests. Both need nothing but
//! the standard library.

use super::{Sketch, ending, is_test};

/// Text as a Python string. JSON's escapes are Python's too.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

pub(super) fn service(sketch: &Sketch<'_>) -> String {
    let requirements: String = sketch
        .requirements()
        .iter()
        .map(|(id, text)| format!("    {}: {},\n", quoted(id), quoted(text)))
        .collect();
    let notes = sketch.notes("# ");
    format!(
        r#"{notes}
"""Answer each requirement's endpoint with "not built yet"."""

import json
from wsgiref.simple_server import make_server

REQUIREMENTS = {{
{requirements}}}


def app(environ, start_response):
    """Answer one request."""
    path = environ.get("PATH_INFO", "/").strip("/")
    if path == "health":
        return reply(start_response, "200 OK", {{"status": "ok"}})
    folder, _, name = path.partition("/")
    if folder == "requirements" and name.upper() in REQUIREMENTS:
        body = {{"requirement": name.upper(), "error": "not built yet"}}
        return reply(start_response, "501 Not Implemented", body)
    return reply(start_response, "404 Not Found", {{"error": "no such path"}})


def reply(start_response, status, body):
    """Send a JSON document."""
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]


if __name__ == "__main__":
    with make_server("127.0.0.1", 8080, app) as server:
        server.serve_forever()
"#
    )
}

pub(super) fn tests(sketch: &Sketch<'_>) -> String {
    let notes = sketch.notes("# ");
    let mut written = sketch.phase.deliverables.iter().map(|d| &d.path);
    let service = written.find(|path| ending(path) == "py" && !is_test(path));
    let Some(service) = service.map(|path| quoted(path)) else {
        // Nothing in Python is written in this phase, so there is nothing to import.
        return format!(
            r#"{notes}
"""There is nothing to test yet."""

import unittest


class NothingToTest(unittest.TestCase):
    """Keep the runner happy until there is something to test."""

    @unittest.skip("nothing is built yet")
    def test_nothing(self):
        """A live crew tests what it builds."""


if __name__ == "__main__":
    unittest.main()
"#
        );
    };
    let cases: String = sketch
        .requirements()
        .iter()
        .map(|(id, _)| {
            let name: String =
                id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            let (name, path) = (name.to_lowercase(), id.to_lowercase());
            format!(
                "\n    def test_{name}(self):\n        \"\"\"{id} is not built yet, and says \
                 so.\"\"\"\n        self.assertEqual(get(\"/requirements/{path}\"), \"501 Not \
                 Implemented\")\n"
            )
        })
        .collect();
    format!(
        r#"{notes}
"""Test the service, requirement by requirement."""

import importlib.util
import pathlib
import unittest

SERVICE = {service}
HERE = pathlib.Path(__file__).resolve()
ROOT = next(folder for folder in HERE.parents if (folder / SERVICE).is_file())
SPEC = importlib.util.spec_from_file_location("service", ROOT / SERVICE)
service = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(service)


def get(path):
    """Return the status of a request."""
    seen = []
    b"".join(service.app({{"PATH_INFO": path}}, lambda status, headers: seen.append(status)))
    return seen[0]


class Requirements(unittest.TestCase):
    """One test for each requirement."""
{cases}
    def test_health(self):
        """The service says that it runs."""
        self.assertEqual(get("/health"), "200 OK")

    def test_unknown(self):
        """Other paths are not found."""
        self.assertEqual(get("/requirements/none"), "404 Not Found")


if __name__ == "__main__":
    unittest.main()
"#
    )
}
