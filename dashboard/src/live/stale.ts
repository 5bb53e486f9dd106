/** What an entry of a journal makes old, as the third part of a query's key. */
export function madeOld(kind: string): readonly string[] {
  switch (kind) {
    case "request_opened":
    case "request_answered":
    case "request_expired":
    case "request_superseded":
    case "voted":
    case "escalated":
    case "reminded":
      return ["detail", "requests", "board", "remarks"];
    case "committed":
    case "foreign_commits":
      return ["detail", "artifacts", "board", "history", "diff", "remarks"];
    case "swarm_input":
      return ["detail", "cost", "ledger", "board", "messages", "remarks", "notes"];
    case "model_called":
    case "conversation_called":
    case "conversation_input":
      return ["detail", "cost"];
    case "message_received":
    case "replied":
    case "conversation_began":
      return ["messages", "ledger"];
    case "remarked":
    case "remark_answered":
      return ["remarks"];
    case "member_set":
    case "member_removed":
      return ["members", "detail"];
    case "surveyed":
      return ["survey"];
    case "withdrawn":
    case "note_accepted":
    case "published":
    case "transitioned":
      return ["notes", "ledger", "artifacts", "detail"];
    case "recalled":
      return ["notes"];
    case "tools_called":
    case "commit_intended":
    case "trimmed":
    case "conversation_joined":
      return [];
    case "repinned":
    case "retried":
      return ["detail", "requests", "board", "artifacts"];
    // What is not listed here is rare, or new: everything may have changed.
    default:
      return ["detail", "requests", "board", "ledger"];
  }
}

/** Whether an entry may change what waits for a person. */
export const concernsInbox = (kind: string): boolean =>
  kind.startsWith("request_") ||
  ["voted", "escalated", "reminded", "ended", "retried", "started", "surveyed"].includes(kind);
