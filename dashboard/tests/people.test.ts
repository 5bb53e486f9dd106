import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Person, closed, launched } from "./browser";
import { OPERATOR, STATEMENT, Service, edited } from "./service";

// Two approvals at the first gate.
const quorum = edited("phases/discovery.yaml", (text) =>
  text.replace(/^gate: \{\}/m, "gate: { approvers: { groups: [board], quorum: 2 } }"),
);
// The second gate may return the work to the first phase.
const returning = edited("phases/architecture.yaml", (text) =>
  text.replace(/^gate: \{\}/m, "gate: { revise_to: [discovery] }"),
);
// A second workflow continues the first.
writeFileSync(
  join(returning, "workflows/operate.yaml"),
  "version: 1\nworkflow: operate\nphases: [handoff]\nafter: [delivery]\n",
);
// Nobody answers in place of the customer.
const questions = edited("rehearsals/question.yaml", (text) =>
  text.replace(/^answers:[^]*?(?=^\w)/m, ""),
);
let service: Service;
let asking: Service;
let patient: Service;

beforeAll(async () => {
  const people = { ada: ["board"], ben: ["board"], eve: [] };
  service = await Service.start({ workspace: quorum, people });
  asking = await Service.start({ workspace: questions });
  patient = await Service.start({ workspace: returning });
});
afterAll(async () => {
  await closed();
  await service.stop();
  await asking.stop();
  await patient.stop();
  for (const folder of [quorum, questions, returning])
    rmSync(folder, { recursive: true, force: true });
});

describe("a gate that may return the work", () => {
  it("lets a person choose an earlier phase, and asks again from there on", async () => {
    await patient.begin("returned", STATEMENT);
    const open = await patient.waiting("returned");
    const body = { request: open?.["id"], digest: open?.["digest"] };
    await patient.ask("POST", "/projects/returned/approve", body);
    await patient.waiting("returned");
    const ada = await Person.arrives(patient);
    const { page } = ada;
    await ada.goes("/app/p/returned/review/architecture-1");
    await page.getByLabel("Your feedback to the crew").fill("The goals have changed.");
    await page.getByRole("button", { name: "Request changes" }).click();
    await page.getByText(/The crew will work on Architecture again/).waitFor();
    await page.getByLabel("Work that runs again").selectOption("everything from Discovery on");
    await page.getByText(/The crew will work on Discovery again, then on every phase/).waitFor();
    await page.getByRole("button", { name: "Yes, send it back" }).click();
    await page.getByText(/returned the work to Discovery on/).waitFor();
    await page.getByRole("link", { name: /^Next: Approve Discovery/ }).click();
    await page.getByText("run 2 of this phase").waitFor();
    const again = await patient.waiting("returned");
    expect(again?.["id"]).toBe("discovery-2");
    expect(ada.faults).toEqual([]);
    await ada.leaves();
  });
});

describe("a workflow that continues another", () => {
  it("lets a person choose among completed engagements", async () => {
    await patient.begin("first", STATEMENT, { workflow: "delivery" });
    await patient.approveAll("first");
    const ada = await Person.arrives(patient);
    const { page } = ada;
    await ada.goes("/app/new");
    await page.getByLabel("Workflow").selectOption("operate");
    await page.getByLabel("Or paste its text").fill(STATEMENT);
    await page.getByRole("button", { name: "Analyse" }).click();
    await page.getByLabel("Continues").selectOption("first");
    await page.getByLabel("Engagement name").fill("second");
    await page.getByRole("checkbox", { name: /rehearsal/ }).check();
    await page.getByRole("button", { name: "Start the rehearsal" }).click();
    await page.getByText("Handoff is waiting for approval").waitFor();
    expect(ada.faults).toEqual([]);
    await ada.leaves();
  });
});

describe("several people at one gate", () => {
  it("sees how many have approved, and who", async () => {
    await service.begin("quorum", STATEMENT);
    await service.waiting("quorum");
    const ada = await Person.arrives(service, "token-of-ada");
    await ada.page.getByText("0 of 2 approvals").waitFor();
    await ada.page.getByRole("link", { name: /Approve Discovery/ }).click();
    await ada.page.getByRole("button", { name: "Approve", exact: true }).click();
    await ada.page.getByRole("button", { name: "Yes, approve" }).click();
    await ada.page.getByText("Your approval is recorded: 1 of 2.").waitFor();

    const ben = await Person.arrives(service, "token-of-ben");
    await ben.goes("/app/p/quorum/review/discovery-1");
    await ben.page.getByText("1 of 2 approvals (ada)").waitFor();
    await ben.page.getByRole("button", { name: "Approve", exact: true }).click();
    await ben.page.getByRole("button", { name: "Yes, approve" }).click();
    await ben.page.getByText(/ben approved this on/).waitFor();

    // Somebody else sees nothing of it.
    const eve = await Person.arrives(service, "token-of-eve");
    await eve.page.goto(`${service.url}/app/p/quorum`);
    await eve.page.getByText("This does not exist, or you do not have access to it.").waitFor();
    expect([...ada.faults, ...ben.faults, ...eve.faults]).toEqual([]);
    for (const person of [ada, ben, eve]) await person.leaves();
  });

  it("loses no word when somebody else is faster", async () => {
    await service.begin("race", STATEMENT);
    await service.waiting("race");
    const ada = await Person.arrives(service, "token-of-ada");
    await ada.goes("/app/p/race/review/discovery-1");
    await ada.page.getByLabel("Your feedback to the crew").fill("A long thought.");
    await ada.page.getByRole("button", { name: "Request changes" }).click();

    const digest = (await service.ask("GET", "/projects/race/requests/discovery-1"))["digest"];
    const body = { request: "discovery-1", digest, words: "Mine first." };
    await service.ask("POST", "/projects/race/revise", body, "token-of-ben");
    // The page learns of it by itself, and keeps what Ada typed.
    await ada.page.getByText(/ben requested changes on/).waitFor();
    const kept = ada.page.getByLabel("You typed this but did not send it");
    expect(await kept.inputValue()).toBe("A long thought.");
    // It is still there for the next run of the phase.
    await service.waiting("race");
    await ada.goes("/app/p/race/review/discovery-2");
    expect(await ada.page.getByLabel("Your feedback to the crew").inputValue()).toBe(
      "A long thought.",
    );
  });

  it("names the winner when both decide at the same moment", async () => {
    await service.begin("tie", STATEMENT);
    await service.waiting("tie");
    const ada = await Person.arrives(service, "token-of-ada");
    await ada.goes("/app/p/tie/review/discovery-1");
    await ada.page.getByLabel("Your feedback to the crew").fill("Mine.");
    await ada.page.getByRole("button", { name: "Request changes" }).click();
    // Ben's decision arrives while Ada's is on its way.
    await ada.page.route("**/projects/tie/revise", async (route) => {
      const digest = (await service.ask("GET", "/projects/tie/requests/discovery-1"))["digest"];
      const body = { request: "discovery-1", digest, words: "Mine first." };
      await service.ask("POST", "/projects/tie/revise", body, "token-of-ben");
      const reply = await route.fetch();
      expect(reply.status()).toBe(409);
      expect(await reply.json()).toMatchObject({ winner: "ben" });
      await route.fulfill({ response: reply });
    });
    await ada.page.getByRole("button", { name: "Yes, send it back" }).click();
    await ada.page.getByText(/ben requested changes on/).waitFor();
    const kept = ada.page.getByLabel("You typed this but did not send it");
    expect(await kept.inputValue()).toBe("Mine.");
    await ada.leaves();
  });

  it("answers a question, and keeps a half-written answer", async () => {
    // The architect asks; before that, the first phase is approved.
    await asking.begin("asked", STATEMENT, { rehearsal: "question", model: undefined });
    const gate = await asking.waiting("asked");
    await asking.ask("POST", "/projects/asked/approve", {
      request: gate?.["id"],
      digest: gate?.["digest"],
    });
    const open = await asking.waiting("asked");
    expect(open?.["kind"]).toBe("question");
    const ada = await Person.arrives(asking);
    await ada.goes(`/app/p/asked/review/${String(open?.["id"])}`);
    const field = ada.page.getByRole("textbox").first();
    await field.fill("Half of an ans");
    await ada.page.reload();
    await ada.page.getByRole("heading", { level: 1 }).waitFor();
    expect(await field.inputValue()).toBe("Half of an ans");
    await field.fill("The whole answer.");
    await ada.page.getByRole("button", { name: "Answer", exact: true }).click();
    await ada.page.getByText(/answered on/).waitFor();
    expect(ada.faults).toEqual([]);
    await ada.leaves();
  });
});

describe("a session", () => {
  it("that has ended asks to log in and keeps what was typed", async () => {
    await service.begin("session", STATEMENT);
    await service.waiting("session");
    const ada = await Person.arrives(service);
    await ada.goes("/app/p/session/chat");
    await ada.page.getByLabel("Your message").fill("Do not lose this.");
    await ada.context.clearCookies();
    await ada.page.getByRole("button", { name: "Send" }).click();
    await ada.page
      .getByText(/Your session has ended|Log in/)
      .first()
      .waitFor();
    await ada.page.reload();
    await ada.page.getByLabel("Token").fill(OPERATOR);
    await ada.page.getByRole("button", { name: "Log in" }).click();
    await ada.page.getByLabel("Your message").waitFor();
    expect(await ada.page.getByLabel("Your message").inputValue()).toBe("Do not lose this.");
    await ada.leaves();
  });

  it("does not begin with a wrong token", async () => {
    const page = await (await launched()).newPage();
    await page.goto(`${service.url}/app/inbox#token=wrong`);
    await page.getByText("This token is not valid.").waitFor();
    expect(page.url()).not.toContain("wrong");
    await page.close();
  });
});
