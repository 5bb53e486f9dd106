#!/usr/bin/env node
// Drives a language server over stdio like an editor, and reports as JSON what its user would see.
//
//   node probe.mjs --server PROGRAM [--args "lsp"] --workspace FOLDER --probe FILE... [--settings FILE] [--verbose]
//
// A probe is { "settings": {...}, "schemas": {"FILE": ["GLOB"]}, "checks": [...] }; the first two apply only to yaml-language-server.
// A check names a `file` of the workspace and, to change its content, `edit`: [TEXT, REPLACEMENT] (TEXT must occur) or the whole
// `text`. `|>` in either, or in `at` (text in the file), is the cursor. Nothing is written to disk.
//   "complete":    { "has": ["pm"], "lacks": ["x"], "docs": { "pm": "part of its documentation" } }
//   "hover":       "part of it"
//   "diagnostics": { "count": 1, "word": "pn", "lines": [7], "message": "part of one", "range": [line, column, column] }
// `word` is the first one in the replacement, and one diagnostic covers exactly it. Lines and columns count from 1.
// Exits 0 if all checks pass, 1 if one fails, 2 if the server does not respond. Needs Node 18 and no npm packages.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const arg = (n, d) => { const i = process.argv.indexOf('--' + n); return i < 0 ? d : process.argv[i + 1]; };
const named = arg('server', 'yaml-language-server');
const server = fs.existsSync(named) ? path.resolve(named) : named; // it starts in the workspace
const ws = path.resolve(arg('workspace', '.'));
const probes = process.argv.flatMap((a, i) => (a === '--probe' ? [JSON.parse(fs.readFileSync(process.argv[i + 1], 'utf8'))] : []));
const ofEditor = arg('settings') ? JSON.parse(fs.readFileSync(arg('settings'), 'utf8')) : {}; // as VS Code keeps them
const probe = { schemas: Object.assign({}, ofEditor['yaml.schemas'], ...probes.map((p) => p.schemas)), settings: Object.assign({}, ...probes.map((p) => p.settings)), checks: probes.flatMap((p) => p.checks) };
const verbose = process.argv.includes('--verbose');
const serverArgs = arg('args', '--stdio').split(' ').filter(Boolean);
const limit = Number(arg('timeout-ms', '15000'));

const t0 = performance.now();
const useNode = /\.m?js$/.test(server) || (fs.existsSync(server) && fs.readFileSync(server, 'utf8').startsWith('#!/usr/bin/env node'));
const child = useNode ? spawn(process.execPath, [server, ...serverArgs], { cwd: ws }) : spawn(server, serverArgs, { cwd: ws });
child.on('error', (e) => { console.error('cannot start the server: ' + e.message); process.exit(2); });
child.stderr.on('data', (d) => verbose && process.stderr.write(d));

let buf = Buffer.alloc(0), nextId = 1;
const waiting = new Map(), diags = new Map(), diagWaiters = [];
const write = (m) => { const b = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...m })); child.stdin.write(`Content-Length: ${b.length}\r\n\r\n`); child.stdin.write(b); };
const notify = (method, params) => write({ method, params });
const request = (method, params) => new Promise((res, rej) => {
  const id = nextId++;
  const timer = setTimeout(() => { waiting.delete(id); rej(new Error(`${method}: no answer in ${limit} ms`)); }, limit);
  waiting.set(id, (m) => { clearTimeout(timer); m.error ? rej(new Error(`${method}: ${m.error.message}`)) : res(m.result); });
  write({ id, method, params });
});

const settings = {
  yaml: { validate: true, hover: true, completion: true, format: { enable: false }, schemaStore: { enable: false }, customTags: [], ...(probe.settings ?? {}),
    schemas: Object.fromEntries(Object.entries(probe.schemas ?? {}).map(([k, v]) => [/^[a-z]+:\/\//.test(k) ? k : pathToFileURL(path.join(ws, k)).href, v])) },
  http: { proxy: '', proxyStrictSSL: true }, '[yaml]': { 'editor.tabSize': 2 }, editor: { tabSize: 2 },
};
function serverRequest(m) { // what the server asks of an editor
  if (m.method === 'workspace/configuration') return m.params.items.map((i) => i.section === 'yaml' ? settings.yaml : i.section === 'http' ? settings.http : i.section === '[yaml]' ? settings['[yaml]'] : i.section === 'editor' ? settings.editor : null);
  if (m.method === 'custom/schema/request') return [];
  return null;
}
child.stdout.on('data', (d) => {
  buf = Buffer.concat([buf, d]);
  for (;;) {
    const h = buf.indexOf('\r\n\r\n'); if (h < 0) return;
    const len = Number(/Content-Length: *(\d+)/i.exec(buf.subarray(0, h).toString())?.[1]);
    if (!(len >= 0)) { console.error('bad frame'); process.exit(2); }
    if (buf.length < h + 4 + len) return;
    const m = JSON.parse(buf.subarray(h + 4, h + 4 + len).toString()); buf = buf.subarray(h + 4 + len);
    if (m.method && m.id !== undefined) write({ id: m.id, result: serverRequest(m) });
    else if (m.method === 'textDocument/publishDiagnostics') { diags.set(m.params.uri, m.params.diagnostics); diagWaiters.forEach((f) => f(m.params.uri)); }
    else if (m.method === 'window/logMessage' && verbose) process.stderr.write('[log] ' + m.params.message + '\n');
    else if (m.id !== undefined && waiting.has(m.id)) { const f = waiting.get(m.id); waiting.delete(m.id); f(m); }
  }
});
function diagnosticsOf(uri) { // the last set published once the server has been quiet for 250 ms
  return new Promise((res, rej) => {
    const hard = setTimeout(() => rej(new Error('no diagnostics for ' + uri)), limit); let quiet;
    const done = () => { clearTimeout(hard); res(diags.get(uri)); };
    const arm = () => { clearTimeout(quiet); quiet = setTimeout(done, 250); };
    diagWaiters.push((u) => { if (u === uri) arm(); }); if (diags.has(uri)) arm();
  });
}
const posOf = (text, off) => { const b = text.slice(0, off).split('\n'); return { line: b.length - 1, character: b.at(-1).length }; };
const samePos = (a, b) => a.line === b.line && a.character === b.character;
const docText = (d) => typeof d === 'string' ? d : d?.value ?? '';

await request('initialize', {
  processId: process.pid, rootUri: pathToFileURL(ws).href, workspaceFolders: [{ uri: pathToFileURL(ws).href, name: 'probe' }],
  capabilities: { workspace: { configuration: true, workspaceFolders: true, didChangeConfiguration: { dynamicRegistration: true } },
    textDocument: { completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown', 'plaintext'] } }, hover: { contentFormat: ['markdown'] }, publishDiagnostics: { relatedInformation: true } } },
});
notify('initialized', {});
notify('workspace/didChangeConfiguration', { settings });
const startMs = performance.now() - t0;

let bad = 0, version = 0; // the server caches a parsed document by address and version, so a version is never used twice
const report = [];
for (const c of probe.checks) {
  const file = path.join(ws, c.file), uri = pathToFileURL(file).href, problems = [];
  let text = c.text ?? fs.readFileSync(file, 'utf8'), cursor = null, word = null;
  if (c.edit) {
    const [from, to] = c.edit, i = text.indexOf(from);
    if (i < 0) problems.push(`"${from}" is not in the file`);
    else {
      const mark = to.indexOf('|>');
      if (mark >= 0) cursor = i + mark;
      const put = to.replace('|>', '');
      text = text.slice(0, i) + put + text.slice(i + from.length);
      if (c.diagnostics?.word) { const w = i + put.indexOf(c.diagnostics.word); word = [posOf(text, w), posOf(text, w + c.diagnostics.word.length)]; }
    }
  }
  if (c.text !== undefined && c.text.includes('|>')) { cursor = c.text.indexOf('|>'); text = c.text.replace('|>', ''); }
  else if (c.at) { const i = text.indexOf(c.at.replace('|>', '')); if (i < 0) problems.push('the text of "at" is not in the file'); else cursor = i + Math.max(0, c.at.indexOf('|>')); }
  diags.delete(uri);
  notify('textDocument/didOpen', { textDocument: { uri, languageId: 'yaml', version: ++version, text } });
  const out = { name: c.name };
  try {
    const ds = await diagnosticsOf(uri);
    out.diagnostics = ds.map((d) => ({ line: d.range.start.line + 1, cols: [d.range.start.character + 1, d.range.end.character + 1], severity: d.severity, message: d.message }));
    const w = c.diagnostics;
    if (w) {
      if (w.count !== undefined && ds.length !== w.count) problems.push(`expected ${w.count} diagnostics, got ${ds.length}`);
      if (w.lines) for (const l of w.lines) if (!out.diagnostics.some((d) => d.line === l)) problems.push(`no diagnostic on line ${l}`);
      if (w.message && !ds.some((d) => d.message.includes(w.message))) problems.push(`no diagnostic says "${w.message}"`);
      if (word && !ds.some((d) => samePos(d.range.start, word[0]) && samePos(d.range.end, word[1]))) problems.push(`no diagnostic covers exactly "${w.word}"`);
      if (w.range && !out.diagnostics.some((d) => d.line === w.range[0] && d.cols[0] === w.range[1] && d.cols[1] === w.range[2])) problems.push(`no diagnostic covers ${w.range}`);
    }
    if (c.complete) {
      const t = performance.now();
      const r = await request('textDocument/completion', { textDocument: { uri }, position: posOf(text, cursor), context: { triggerKind: 1 } });
      const items = Array.isArray(r) ? r : r?.items ?? [];
      out.completionMs = Math.round((performance.now() - t) * 10) / 10;
      out.completion = items.map((i) => i.label);
      for (const n of c.complete.has ?? []) if (!out.completion.includes(n)) problems.push(`completion lacks ${n}`);
      for (const n of c.complete.lacks ?? []) if (out.completion.includes(n)) problems.push(`completion offers ${n}`);
      for (const [n, s] of Object.entries(c.complete.docs ?? {})) { const d = docText(items.find((i) => i.label === n)?.documentation); out.docs = { ...(out.docs ?? {}), [n]: d }; if (!d.includes(s)) problems.push(`the documentation of ${n} lacks "${s}"`); }
    }
    if (c.hover !== undefined) {
      const r = await request('textDocument/hover', { textDocument: { uri }, position: posOf(text, cursor) });
      out.hover = docText(Array.isArray(r?.contents) ? r.contents.map(docText).join('\n') : r?.contents);
      if (!out.hover.includes(c.hover)) problems.push(`hover lacks "${c.hover}"`);
    }
  } catch (e) { problems.push(e.message); }
  notify('textDocument/didClose', { textDocument: { uri } });
  out.ok = problems.length === 0; if (!out.ok) { out.problems = problems; bad++; }
  report.push(out);
}
console.log(JSON.stringify({ startMs: Math.round(startMs), passed: report.length - bad, failed: bad, checks: report }, null, 1));
try { await request('shutdown', null); notify('exit'); } catch { /* it may already be gone */ }
setTimeout(() => { child.kill(); process.exit(bad ? 1 : 0); }, 200);
