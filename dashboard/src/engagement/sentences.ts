import type { Say } from "@/shell/text";
import { phaseName } from "@/shell/names";
import type { Entry } from "@/live/cursor";

type Json = Record<string, unknown>;

/** How much an entry matters to someone who only looks. */
export type Weight = "step" | "news" | "detail";

export type Sentence = { text: string; weight: Weight; agent?: string };

const object = (value: unknown): Json =>
  typeof value === "object" && value !== null ? (value as Json) : {};
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number => (typeof value === "number" ? value : 0);

/** The start of something long, on one line. */
const brief = (words: string, most = 220): string => {
  const line = words.replace(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
};

/** An entry of a journal in plain words; nothing when it concerns only programs. */
export function sentence(t: Say, entry: Entry): Sentence | undefined {
  const event = object(entry.event);
  const step = (words: string): Sentence => ({ text: words, weight: "step" });
  const news = (words: string, agent?: string): Sentence => ({
    text: words,
    weight: "news",
    ...(agent ? { agent } : {}),
  });
  const detail = (words: string, agent?: string): Sentence => ({
    ...news(words, agent),
    weight: "detail",
  });
  const who = text(event["actor"]);
  switch (entry.kind) {
    case "started":
      return step(t("{who} started the engagement", { who }));
    case "entered":
      return step(place(t, text(event["state"])));
    case "visit_opened": {
      const agent = text(event["agent"]);
      return news(t("{agent} took over", { agent }), agent);
    }
    case "tools_called": {
      const agent = text(event["agent"]);
      const tools = list(event["calls"]).map((call) => text(list(call)[1]));
      return detail(t("{agent} used {tools}", { agent, tools: tools.join(", ") }), agent);
    }
    case "committed": {
      const paths = list(event["paths"]).map((pair) => text(list(pair)[0]));
      const author = text(event["author"]);
      return news(t("{author} wrote {paths}", { author, paths: paths.join(", ") }), author);
    }
    case "foreign_commits":
      return news(
        t("{n, plural, one {# commit} other {# commits}} by others", {
          n: list(event["commits"]).length,
        }),
      );
    case "pushed":
      return detail(t("The branch was pushed"));
    case "not_pushed":
      return news(t("Not pushed: {why}", { why: brief(text(event["reason"])) }));
    case "swarm_input":
    case "conversation_input":
      return said(t, event, news, detail);
    case "reviewed": {
      const findings = list(event["findings"]).map((one) => text(object(one)["text"]));
      return event["passed"] === true
        ? news(t("The review found no problems"))
        : news(t("The review found: {findings}", { findings: brief(findings.join("; "), 400) }));
    }
    case "checked": {
      const missing = list(event["findings"]).map((one) => text(object(one)["text"]));
      return missing.length
        ? news(t("Missing: {missing}", { missing: brief(missing.join("; "), 400) }))
        : detail(t("All deliverables are present"));
    }
    case "request_opened": {
      const phase = phaseName(text(event["phase"]));
      switch (text(event["kind"])) {
        case "approval":
          return step(t("{phase} is waiting for approval", { phase }));
        case "budget":
          return step(t("A budget must be raised"));
        default:
          return step(
            t("{agent} asked: {question}", {
              agent: text(event["agent"]),
              question: brief(text(event["question"])),
            }),
          );
      }
    }
    case "request_answered":
    case "voted": {
      const answer = object(event["answer"]);
      return step(decided(t, text(answer["actor"]), answer));
    }
    case "request_expired":
      return step(t("The deadline passed without a decision"));
    case "request_superseded":
      return news(t("The files changed, so approval was requested again"));
    case "escalated":
      return news(t("The deadline passed; another group may now decide too"));
    case "reminded":
      return news(t("Reminder {n} was sent", { n: number(event["number"]) }));
    case "member_set":
      return news(
        t("{who} is now {role}", { who: text(event["person"]), role: text(event["role"]) }),
      );
    case "member_removed":
      return news(t("{who} no longer has a role", { who: text(event["person"]) }));
    case "parked_until":
      return news(t("Waiting for a service: {why}", { why: brief(text(event["reason"])) }));
    case "budget_neared":
      return news(t("A budget is nearly used up: {key}", { key: text(event["budget"]) }));
    case "message_received":
      return news(t("{who} wrote: {words}", { who, words: brief(text(event["words"])) }));
    case "replied": {
      const agent = text(event["agent"]);
      return news(
        t("{agent} answered: {words}", { agent, words: brief(text(event["words"])) }),
        agent,
      );
    }
    case "remarked":
      return news(
        t("{who} added a remark on {path}: {words}", {
          who,
          path: text(event["path"]),
          words: brief(text(event["words"])),
        }),
      );
    case "remark_answered":
      return news(t("{who} closed a remark", { who }));
    case "surveyed":
      return news(t("{who} answered the survey", { who }));
    case "cancel_requested":
      return step(t("{who} cancelled the engagement", { who }));
    case "retried":
      return step(t("{who} retried {phase}", { who, phase: phaseName(text(event["phase"])) }));
    case "repinned":
      return news(t("Continuing with the current definitions"));
    case "process_died":
      return news(t("The process stopped here; another one took over"));
    case "push_waived":
      return news(t("{who} allowed the engagement to end without pushing", { who }));
    case "finalized": {
      const fault = text(event["fault"]);
      return fault ? news(t("A closing step failed: {why}", { why: brief(fault) })) : undefined;
    }
    case "ended":
      return step(brief(text(event["text"])) || t("The engagement has ended"));
    case "trimmed":
      return detail(t("A long conversation was shortened"), text(event["agent"]));
    default:
      return undefined;
  }
}

function place(t: Say, state: string): string {
  const dot = state.lastIndexOf(".");
  const phase = phaseName(dot < 0 ? state : state.slice(0, dot));
  switch (state.slice(dot + 1)) {
    case "swarm":
      return t("{phase}: the crew begins", { phase });
    case "review":
      return t("{phase}: the review begins", { phase });
    case "gate":
      return t("{phase}: at the gate", { phase });
    case "question":
      return t("{phase}: a question for the customer", { phase });
    case "park":
      return t("{phase}: waiting for a service", { phase });
    default:
      return phaseName(state.replaceAll(".", ": "));
  }
}

function decided(t: Say, who: string, answer: Json): string {
  const decision = object(answer["decision"]);
  const kind =
    text(decision["decision"]) || text(answer["decision"]) || Object.keys(decision)[0] || "";
  const words = brief(text(decision["words"]) || text(decision["value"]));
  if (kind.startsWith("approv")) return t("{who} approved", { who });
  if (kind.startsWith("revis")) return t("{who} requested changes: {words}", { who, words });
  return t("{who} answered: {words}", { who, words });
}

type Make = (words: string, agent?: string) => Sentence;

/** What a swarm has taken in: a reply, the result of a tool, a fault. */
function said(t: Say, event: Json, news: Make, detail: Make): Sentence | undefined {
  const input = object(event["input"]);
  const verdict = object(object(event["done"])["verdict"]);
  if (typeof verdict["passed"] === "boolean") {
    const what = text(verdict["path"]) || t("the phase");
    const agent = text(verdict["reviewer"]);
    const findings = list(verdict["findings"]).map((one) => text(object(one)["text"]));
    return verdict["passed"]
      ? news(t("{agent} passed {what}", { agent, what }), agent)
      : news(
          t("{agent} found problems in {what}: {findings}", {
            agent,
            what,
            findings: brief(findings.join("; "), 400),
          }),
          agent,
        );
  }
  switch (text(input["input"])) {
    case "reply": {
      const blocks = list(input["content"]).map(object);
      const handoff = blocks
        .map((block) => object(block["tool_use"]))
        .find((use) => use["name"] === "handoff_to_agent");
      if (handoff) {
        const to = object(handoff["input"]);
        return news(
          t("handed off to {agent}: {words}", {
            agent: text(to["agent_name"]),
            words: brief(text(to["message"])),
          }),
        );
      }
      const words = blocks
        .map((block) => text(block["text"]))
        .filter(Boolean)
        .join(" ");
      return words ? detail(`“${brief(words)}”`) : undefined;
    }
    case "tool_result": {
      const result = object(input["result"]);
      return result["status"] === "error"
        ? detail(t("refused: {why}", { why: brief(text(result["text"])) }))
        : undefined;
    }
    case "fault": {
      const fault = object(input["fault"]);
      return news(t("A call failed: {why}", { why: brief(text(fault["message"])) }));
    }
    default:
      return undefined;
  }
}
