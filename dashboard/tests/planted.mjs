// Breaks the dashboard on purpose, one fault at a time, and expects the tests to notice. Sources are
// restored afterwards. Run it with `npm run planted [NAME]`, alone: it builds the program anew.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const unit = "src";
const faults = [
  [
    "sequence-not-advanced",
    "src/live/cursor.ts",
    "return { entries: [...log.entries, ...news].slice(-KEPT), seq: last.seq };",
    "return { entries: [...log.entries, ...news].slice(-KEPT), seq: log.seq };",
    unit,
  ],
  [
    "gap-ignored",
    "src/live/cursor.ts",
    "if (entry.seq !== log.seq + 1) return { log, gap: true };",
    "",
    unit,
  ],
  [
    "page-not-filtered",
    "src/live/cursor.ts",
    "page.filter((entry) => entry.seq > log.seq)",
    "[...page]",
    unit,
  ],
  ["old-entries-kept", "src/live/cursor.ts", ".slice(-KEPT)", "", unit],
  ["script-links-allowed", "src/content/links.ts", "return isWeb ?", "return true ?", unit],
  [
    "hidden-characters-passed",
    "src/content/hidden.ts",
    "return INVISIBLE.test(char) ||",
    "return",
    unit,
  ],
  ["chain-not-chained", "src/audit/chain.ts", "before = entry.hash;", "", unit],
  [
    "removed-blocks-lost",
    "src/content/compare.ts",
    "pieces.push(...gone.map",
    "void (gone.map",
    unit,
  ],
  [
    "text-not-translated",
    "src/inbox/page.tsx",
    't("Nothing is waiting for you.")',
    't("Nothing waits.")',
    unit,
  ],
  [
    "digest-not-sent",
    "src/review/decision.tsx",
    "digest: request.digest, ratings",
    'digest: "0".repeat(64), ratings',
    "tests/journey",
  ],
  [
    "remarks-not-sent",
    "src/review/decision.tsx",
    "remarks: fresh }",
    "remarks: [] }",
    "tests/journey",
  ],
  [
    "approves-at-once",
    "src/review/decision.tsx",
    "useState<Choice | undefined>(undefined)",
    'useState<Choice | undefined>("approve")',
    "tests/journey",
  ],
  [
    "words-lost-on-refusal",
    "src/shell/submit.ts",
    'setSending("idle");\n      setError',
    "localStorage.clear();\n      location.reload();\n      setError",
    "tests/faults",
  ],
  [
    "new-key-for-each-try",
    "src/shell/submit.ts",
    "if (kept?.body === body) return kept.key;",
    "",
    "tests/faults",
  ],
  [
    "no-reconnect",
    "src/live/socket.ts",
    "this.timer = setTimeout(() => void this.connect(),",
    "void (() => this.connect(),",
    "tests/faults",
  ],
  ["log-jumps", "src/engagement/log.tsx", "if (follows && last", "if (last", "tests/faults"],
  [
    "draft-not-kept",
    "src/shell/drafts.ts",
    "localStorage.setItem(key,",
    "void (key,",
    "tests/people",
  ],
  [
    "quorum-hidden",
    "src/inbox/consequence.ts",
    "return need > 1 ?",
    "return need > 9 ?",
    "tests/people",
  ],
  [
    "token-stays-in-address",
    "src/shell/session.ts",
    "history.replaceState(",
    "void (",
    "tests/people",
  ],
  [
    "winner-not-named",
    "src/review/decided.tsx",
    "const who = answer.actor;",
    "const who = String(1);",
    "tests/people",
  ],
  ["contrast", "src/style.css", "--muted: #565c69;", "--muted: #a0a6b3;", "tests/barriers"],
  ["label-missing", "src/fleet/page.tsx", 'aria-label={t("State")}', "", "tests/barriers"],
  [
    "too-wide",
    "src/components/ui/parts.tsx",
    'className="overflow-x-auto" role="region"',
    'role="region"',
    "tests/barriers",
  ],
  ["focus-covered", "src/style.css", "scroll-padding-block: 5rem 14rem;", "", "tests/barriers"],
  [
    "hidden-text-not-counted",
    "src/review/decision.tsx",
    "hidden\n      ? t(",
    "false\n      ? t(",
    "tests/hostile",
  ],
];

const run = (command, args, options = {}) =>
  execFileSync(command, args, { stdio: "pipe", ...options }).toString();

let missed = 0;
for (const [name, file, from, to, suite] of faults) {
  if (process.argv[2] && process.argv[2] !== name) continue;
  const before = readFileSync(file, "utf8");
  if (!before.includes(from)) throw new Error(`${name}: nothing to break in ${file}`);
  writeFileSync(
    file,
    before.replace(from, () => to),
  );
  let found = false;
  try {
    if (suite !== unit) {
      run("npx", ["vite", "build", "--logLevel", "error"]);
      run("npx", ["vite", "build", "--logLevel", "error", "--config", "frame.config.ts"]);
      run("cargo", ["build", "-q", "--workspace", "--all-features"], { cwd: ".." });
    }
    run("npx", ["vitest", "run", "--bail", "1", suite]);
  } catch {
    found = true;
  } finally {
    writeFileSync(file, before);
  }
  console.log(`${found ? "found" : "MISSED"}: ${name} by ${suite}`);
  if (!found) missed += 1;
}
process.exitCode = missed ? 1 : 0;
