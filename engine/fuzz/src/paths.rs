//! Every path that a write scope accepts is inside its folder; a second, independent check confirms
//! it.
#![no_main]

use cloudcrew_definition::path::{RepoPath, Scope};
use libfuzzer_sys::fuzz_target;

/// An agent's globs, and where they lead.
const SCOPES: [(&[&str], &str, &str); 4] = [
    (&["docs/project-plan/**"], "docs/project-plan/", "-"),
    (&["infra/**"], "infra/", "-"),
    (&["app/**", "!app/tests/**"], "app/", "app/tests/"),
    (&["app/tests/**"], "app/tests/", "-"),
];

fuzz_target!(|text: &str| {
    let Ok(path) = RepoPath::parse(text) else { return };
    let path_text = path.as_str();
    for part in path_text.split('/') {
        assert!(!part.is_empty() && part != "." && part != ".." && part.len() <= 255,
            "{path_text:?}");
        assert!(!part.ends_with(['.', ' ']), "{path_text:?}");
        // HFS+ ignores these in a name: zero-width characters, direction marks and the like.
        let ignored = |c: &char| matches!(c,
            '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
        let plain: String = part.chars().filter(|c| !ignored(c)).collect::<String>().to_lowercase();
        assert!(plain != ".git" && plain != "git~1", "{path_text:?}");
    }
    assert!(!path_text.chars().any(|c| c.is_control() || matches!(c,
        '\\' | ':' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')));
    assert!(path_text.len() <= 4096);
    for (globs, inside, outside) in SCOPES {
        let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
        let scope = Scope::new(&globs).expect("good globs");
        assert_eq!(scope.allows(&path), scope.refusal("dev", &path).is_none());
        if scope.allows(&path) {
            assert!(path_text.starts_with(inside) && !path_text.to_lowercase().starts_with(outside),
                "{path_text:?} by {globs:?}");
        }
    }
});
