//! Files that do something by being written: a machine runs them, an editor obeys them, or they give somebody a right.
//!
//! Such a file is outside every scope that does not name it. The list is matched at every depth and without regard to case:
//! a nested `.github` runs nothing today, but a subtree split or a submodule makes a root of any folder.

use std::array;
use std::sync::LazyLock;

use super::RepoPath;

const CI: &str = "a CI service runs it, often with the secrets of the repository";
const GIT: &str = "Git obeys it on the machine of whoever checks it out";
const GRANT: &str = "it decides who may approve or what is merged";
const HOOK: &str = "its hooks run on the machine of whoever commits";
const SHELL: &str = "a shell runs it on entering the folder";
const EDITOR: &str = "an editor obeys it on opening the folder";
const AGENT: &str = "coding agents obey it on opening the folder";
const PACKAGES: &str = "a package manager obeys it, which can run code or change where packages come from";
const OURS: &str = "it belongs to CloudCrew itself";

/// Names in lower case, by what obeys them, as the documentation of each tool had them in November 2026. From one folder down; one `*` of a name stands for any text. A file and a folder of the name both count,
/// and so does all that is in the folder.
const MARKERS: &[(&str, &str)] = &[
    (".github/workflows", CI),
    (".github/actions", CI),
    (".gitea/workflows", CI),
    (".forgejo/workflows", CI),
    (".gitlab-ci*.yml", CI),
    (".gitlab-ci*.yaml", CI),
    (".gitlab/ci", CI),
    (".circleci", CI),
    (".buildkite", CI),
    (".tekton", CI),
    (".semaphore", CI),
    (".woodpecker", CI),
    (".woodpecker.y*ml", CI),
    (".drone.y*ml", CI),
    (".travis.yml", CI),
    (".appveyor.yml", CI),
    ("appveyor.yml", CI),
    ("jenkinsfile", CI),
    ("jenkinsfile.*", CI),
    ("azure-pipelines*.yml", CI),
    ("azure-pipelines*.yaml", CI),
    (".azure-pipelines", CI),
    ("bitbucket-pipelines.yml", CI),
    ("buildspec*.yml", CI),
    ("buildspec*.yaml", CI),
    ("cloudbuild*.yaml", CI),
    ("cloudbuild*.yml", CI),
    ("amplify.yml", CI),
    (".gitattributes", GIT),
    (".gitmodules", GIT),
    (".lfsconfig", GIT),
    // The short names by which NTFS opens the first two.
    ("gitatt~*", GIT),
    ("gi7d29~*", GIT),
    ("gitmod~*", GIT),
    ("gi7eba~*", GIT),
    ("codeowners", GRANT),
    (".github/settings.y*ml", GRANT),
    (".github/dependabot.y*ml", GRANT),
    (".husky", HOOK),
    (".githooks", HOOK),
    (".pre-commit-config.y*ml", HOOK),
    ("lefthook.y*ml", HOOK),
    (".lefthook.y*ml", HOOK),
    (".envrc", SHELL),
    ("mise.toml", SHELL),
    (".mise.toml", SHELL),
    (".vscode", EDITOR),
    ("*.code-workspace", EDITOR),
    (".idea", EDITOR),
    (".zed", EDITOR),
    (".fleet", EDITOR),
    (".devcontainer", EDITOR),
    (".devcontainer.json", EDITOR),
    (".gitpod.yml", EDITOR),
    (".dir-locals.el", EDITOR),
    (".exrc", EDITOR),
    (".nvim.lua", EDITOR),
    (".claude", AGENT),
    ("claude.md", AGENT),
    ("claude.local.md", AGENT),
    (".mcp.json", AGENT),
    (".cursor", AGENT),
    (".cursorrules", AGENT),
    (".windsurf", AGENT),
    (".windsurfrules", AGENT),
    (".codex", AGENT),
    (".gemini", AGENT),
    (".kiro", AGENT),
    (".amazonq", AGENT),
    (".github/copilot-instructions.md", AGENT),
    (".npmrc", PACKAGES),
    (".yarnrc", PACKAGES),
    (".yarnrc.yml", PACKAGES),
    (".yarn", PACKAGES),
    (".pnpmfile.cjs", PACKAGES),
    (".cargo/config", PACKAGES),
    (".cargo/config.toml", PACKAGES),
    (".bundle", PACKAGES),
    (".mvn", PACKAGES),
    (".azuredevops", CI),
    (".cirrus.y*ml", CI),
    (".cirrus.star", CI),
    ("bitrise.y*ml", CI),
    ("codemagic.y*ml", CI),
    ("wercker.yml", CI),
    ("circle.yml", CI),
    (".build.yml", CI),
    (".builds", CI),
    (".harness", CI),
    (".jenkins", CI),
    (".teamcity", CI),
    ("netlify.toml", CI),
    ("vercel.json", CI),
    ("render.y*ml", CI),
    ("heroku.yml", CI),
    ("procfile", CI),
    ("fly.toml", CI),
    (".gitlab-ci", CI),
    (".ci", CI),
    (".gitconfig", GIT),
    ("owners", GRANT),
    ("owners_aliases", GRANT),
    (".mergify.y*ml", GRANT),
    (".github/mergify.y*ml", GRANT),
    (".mergify", GRANT),
    (".kodiak.toml", GRANT),
    (".bulldozer.yml", GRANT),
    (".policy.yml", GRANT),
    (".prow.y*ml", GRANT),
    (".prow", GRANT),
    ("renovate.json*", GRANT),
    (".renovaterc*", GRANT),
    (".github/renovate.json*", GRANT),
    (".gitlab/renovate.json*", GRANT),
    (".github/rulesets", GRANT),
    (".huskyrc*", HOOK),
    ("husky.config.js", HOOK),
    (".lintstagedrc*", HOOK),
    ("lint-staged.config.*", HOOK),
    (".overcommit.yml", HOOK),
    ("captainhook.json", HOOK),
    (".simple-git-hooks.*", HOOK),
    ("simple-git-hooks.*", HOOK),
    (".git-hooks", HOOK),
    (".hooks", HOOK),
    ("lefthook-local.y*ml", HOOK),
    ("lefthook.toml", HOOK),
    ("lefthook.json", HOOK),
    ("prek.toml", HOOK),
    ("hk.pkl", HOOK),
    (".autoenv", SHELL),
    (".env.zsh", SHELL),
    (".tool-versions", SHELL),
    (".mise", SHELL),
    ("mise.*.toml", SHELL),
    (".mise.*.toml", SHELL),
    (".rtx.toml", SHELL),
    ("devbox.json", SHELL),
    ("flake.nix", SHELL),
    ("shell.nix", SHELL),
    ("default.nix", SHELL),
    (".shadowenv.d", SHELL),
    (".in", SHELL),
    (".out", SHELL),
    ("devenv.nix", SHELL),
    ("devenv.yaml", SHELL),
    (".vimrc", EDITOR),
    (".nvimrc", EDITOR),
    (".gvimrc", EDITOR),
    (".vim", EDITOR),
    (".nvim", EDITOR),
    (".emacs.d", EDITOR),
    (".run", EDITOR),
    (".settings", EDITOR),
    (".theia", EDITOR),
    (".helix", EDITOR),
    (".nova", EDITOR),
    ("*.sublime-project", EDITOR),
    (".lapce", EDITOR),
    (".gdbinit", EDITOR),
    (".lldbinit", EDITOR),
    (".pdbrc", EDITOR),
    (".ipython", EDITOR),
    (".replit", EDITOR),
    (".stackblitzrc", EDITOR),
    ("agents.md", AGENT),
    ("agents.override.md", AGENT),
    ("agent.md", AGENT),
    ("gemini.md", AGENT),
    ("qwen.md", AGENT),
    ("crush.md", AGENT),
    ("warp.md", AGENT),
    ("copilot-instructions.md", AGENT),
    (".github/instructions", AGENT),
    (".github/prompts", AGENT),
    (".github/chatmodes", AGENT),
    (".github/agents", AGENT),
    (".github/hooks", AGENT),
    (".github/skills", AGENT),
    (".agents", AGENT),
    (".agent", AGENT),
    (".aider*", AGENT),
    (".clinerules", AGENT),
    (".cline", AGENT),
    (".roo", AGENT),
    (".roorules*", AGENT),
    (".roomodes", AGENT),
    (".continue", AGENT),
    (".continuerules", AGENT),
    (".augment", AGENT),
    (".augment-guidelines", AGENT),
    (".augmentignore", AGENT),
    (".junie", AGENT),
    (".goosehints", AGENT),
    (".goose", AGENT),
    (".qwen", AGENT),
    (".opencode", AGENT),
    ("opencode.json*", AGENT),
    (".trae", AGENT),
    (".crush", AGENT),
    ("crush.json", AGENT),
    (".crush.json", AGENT),
    (".factory", AGENT),
    (".rules", AGENT),
    (".openhands", AGENT),
    (".openhands_instructions", AGENT),
    (".devin", AGENT),
    (".warp", AGENT),
    (".pi", AGENT),
    (".vibe", AGENT),
    (".rovodev", AGENT),
    (".kilocode", AGENT),
    (".kilocodemodes", AGENT),
    (".cody", AGENT),
    (".sourcegraph", AGENT),
    (".tabnine", AGENT),
    (".codeium", AGENT),
    ("mcp.json", AGENT),
    (".amp", AGENT),
    (".zencoder", AGENT),
    (".serena", AGENT),
    (".antigravity", AGENT),
    ("llms.txt", AGENT),
    ("pip.conf", PACKAGES),
    (".pypirc", PACKAGES),
    (".pnpmfile.mjs", PACKAGES),
    ("pnpmfile.js", PACKAGES),
    ("bunfig.toml", PACKAGES),
    (".gemrc", PACKAGES),
    ("nuget.config", PACKAGES),
    ("gradlew", PACKAGES),
    ("gradlew.bat", PACKAGES),
    ("gradle/wrapper", PACKAGES),
    ("mvnw", PACKAGES),
    ("mvnw.cmd", PACKAGES),
    (".sbtopts", PACKAGES),
    (".jvmopts", PACKAGES),
    ("sitecustomize.py", PACKAGES),
    ("usercustomize.py", PACKAGES),
    ("*.pth", PACKAGES),
    (".condarc", PACKAGES),
    (".pdm.toml", PACKAGES),
    (".pixi", PACKAGES),
    ("uv.toml", PACKAGES),
    (".swiftpm", PACKAGES),
    (".bazelrc", PACKAGES),
    (".bazeliskrc", PACKAGES),
    ("tools/bazel", PACKAGES),
    (".buckconfig", PACKAGES),
    ("deno.json*", PACKAGES),
    (".yarnclean", PACKAGES),
    (".npmignore.js", PACKAGES),
    (".corepack.env", PACKAGES),
    (".cloudcrew", OURS),
];

/// Why writing the file does more than write a file; `None` for most.
pub fn sensitive(path: &RepoPath) -> Option<&'static str> {
    markers(path).first().map(|marker| marker.why)
}

/// What makes a path sensitive: its components `start..end`.
pub(super) struct Marker {
    /// Components before the ones that matter.
    pub(super) start: usize,
    /// Components up to and with the last one that matters.
    pub(super) end: usize,
    /// The words for it.
    pub(super) why: &'static str,
}

/// All that makes a path sensitive, outermost first: a `.vscode/CODEOWNERS` is sensitive twice.
pub(super) fn markers(path: &RepoPath) -> Vec<Marker> {
    let key = path.folded();
    let names: Vec<&str> = key.split('/').collect();
    let at = |start: usize| {
        let rest = names.get(start..).unwrap_or_default();
        let marker =
            move |&(marker, why): &(&str, _)| length(marker, rest).map(|length| Marker { start, end: start + length, why });
        let first = rest.first().and_then(|name| name.bytes().next()).unwrap_or_default();
        may_begin_with(first).iter().filter_map(marker)
    };
    (0..names.len()).flat_map(at).collect()
}

/// The markers that a name with this first byte may be; for most bytes only those that begin with a wildcard.
fn may_begin_with(first: u8) -> &'static [(&'static str, &'static str)] {
    static BY_FIRST: LazyLock<[Vec<(&str, &str)>; 256]> = LazyLock::new(|| {
        let fits = |first: usize, marker: &str| marker.bytes().next().is_some_and(|b| b == b'*' || usize::from(b) == first);
        array::from_fn(|first| MARKERS.iter().filter(|(marker, _)| fits(first, marker)).copied().collect())
    });
    BY_FIRST.get(usize::from(first)).map(Vec::as_slice).unwrap_or_default()
}

/// How many of `names` the marker takes, when it is what they begin with.
fn length(marker: &str, names: &[&str]) -> Option<usize> {
    let mut taken = 0;
    for wanted in marker.split('/') {
        let name = names.get(taken)?;
        let same = match wanted.split_once('*') {
            None => *name == wanted,
            Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| rest.ends_with(tail)),
        };
        if !same {
            return None;
        }
        taken += 1;
    }
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::super::unicode::fold;
    use super::*;

    fn why(path: &str) -> Option<&'static str> {
        sensitive(&RepoPath::parse(path).expect("a good path"))
    }

    #[test]
    fn what_runs_or_grants_by_being_written_is_sensitive() {
        for (path, expected) in [
            (".github/workflows/ci.yml", CI),
            (".GitHub/Workflows/deploy.YML", CI),
            (".gitlab-ci.yml", CI),
            (".circleci/config.yml", CI),
            ("Jenkinsfile", CI),
            ("ci/jenkinsfile.prod", CI),
            ("azure-pipelines.yml", CI),
            ("azure-pipelines-release.yaml", CI),
            ("infra/buildspec.yml", CI),
            (".buildkite/pipeline.yml", CI),
            (".gitattributes", GIT),
            ("docs/.gitattributes", GIT),
            (".gitmodules", GIT),
            ("GITMOD~1", GIT),
            ("docs/CODEOWNERS", GRANT),
            (".husky/pre-commit", HOOK),
            (".pre-commit-config.yaml", HOOK),
            ("app/.envrc", SHELL),
            (".vscode/tasks.json", EDITOR),
            (".idea/runConfigurations/x.xml", EDITOR),
            (".devcontainer/devcontainer.json", EDITOR),
            (".claude/settings.json", AGENT),
            ("CLAUDE.md", AGENT),
            (".mcp.json", AGENT),
            (".cursor/rules/x.mdc", AGENT),
            ("app/.npmrc", PACKAGES),
            (".yarnrc.yml", PACKAGES),
            (".cargo/config.toml", PACKAGES),
            (".cargo/CONFIG.toml", PACKAGES),
            ("AGENTS.md", AGENT),
            ("docs/GEMINI.md", AGENT),
            (".clinerules/rules.md", AGENT),
            (".github/instructions/x.instructions.md", AGENT),
            ("netlify.toml", CI),
            (".huskyrc.json", HOOK),
            (".run/all.run.xml", EDITOR),
            ("gradlew", PACKAGES),
            ("app/sitecustomize.py", PACKAGES),
            ("OWNERS", GRANT),
            ("flake.nix", SHELL),
        ] {
            assert_eq!(why(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn most_files_are_not() {
        for path in [
            "README.md",
            ".gitignore",
            "build.rs",
            "setup.cfg",
            "package.json",
            "Makefile",
            "docs/workflows/ci.yml",
            ".github/ISSUE_TEMPLATE/bug.md",
            "app/jenkinsfiles.md",
            "config.toml",
            ".cargo/audit.toml",
            "docs/vscode/settings.json",
            "codeowners.md",
            "buildspec.md",
        ] {
            assert_eq!(why(path), None, "{path}");
        }
    }

    #[test]
    fn every_marker_is_written_in_the_form_it_is_compared_in() {
        for (marker, _) in MARKERS {
            assert_eq!(&fold(marker), marker);
            assert!(marker.split('/').all(|name| name.matches('*').count() <= 1));
        }
    }
}
