import type { Schemas } from "@/api/client";

export type AuditEntry = Schemas["AuditEntry"];

/**
 * The first entry whose hash does not follow from the entries before it; nothing when the chain is
 * whole. The hash of an entry is the SHA-256 over the hash before it (empty for the first), its
 * number, time, kind and payload, each as text behind its length in bytes as a big-endian 64-bit
 * number.
 */
export async function broken(entries: readonly AuditEntry[]): Promise<AuditEntry | undefined> {
  let before = "";
  for (const entry of entries) {
    const parts = [before, String(entry.seq), String(entry.at), entry.kind, entry.payload];
    const hash = hex(await crypto.subtle.digest("SHA-256", framed(parts)));
    if (hash !== entry.hash) return entry;
    before = entry.hash;
  }
  return undefined;
}

function framed(parts: string[]): Uint8Array<ArrayBuffer> {
  const coded = parts.map((part) => new TextEncoder().encode(part));
  const bytes = new Uint8Array(coded.reduce((sum, part) => sum + 8 + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of coded) {
    view.setBigUint64(at, BigInt(part.length));
    bytes.set(part, at + 8);
    at += 8 + part.length;
  }
  return bytes;
}

const hex = (hash: ArrayBuffer): string =>
  Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
