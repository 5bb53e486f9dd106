import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPERATOR, STATEMENT, Service } from "./service";
import { Person, closed } from "./browser";

let service: Service;
beforeAll(async () => {
  service = await Service.start({ people: { ada: [] } });
  await service.begin("parcels", STATEMENT);
  await service.approveAll("parcels");
});
afterAll(async () => {
  await closed();
  await service.stop();
});

describe("after the end of an engagement", () => {
  it("the operator answers the survey, which then no longer waits", async () => {
    const grace = await Person.arrives(service, OPERATOR);
    const { page } = grace;
    await page.getByRole("link", { name: "Answer the survey of parcels" }).click();
    const send = page.getByRole("button", { name: "Send" });
    expect(await send.isDisabled()).toBe(true);
    await page.getByText("4", { exact: true }).first().click();
    await page.getByLabel("Anything else?").fill("Fewer questions, please.");
    await send.click();
    await page.getByText("Thank you. Your answer is recorded.").waitFor();
    await page.getByText("Fewer questions, please.").waitFor();
    await page.getByText("4 of 5").waitFor();
    await page.getByRole("link", { name: "Inbox" }).click();
    await page.getByText("Nothing is waiting for you.").waitFor();
    expect(await page.getByText("Answer the survey").count()).toBe(0);
    expect(grace.faults).toEqual([]);
    await grace.leaves();
  });

  it("a note is found among all, read with its sources, and withdrawn", async () => {
    const grace = await Person.arrives(service, OPERATOR);
    const { page } = grace;
    await page.getByRole("link", { name: "Memory" }).click();
    await page.getByText("Nothing to show.").waitFor();
    await page.getByRole("checkbox", { name: "Rehearsals" }).check();
    await page.getByRole("link", { name: "parcels", exact: true }).first().click();
    await page.getByRole("heading", { name: "Notes", level: 1, exact: true }).waitFor();
    const withdraw = page.getByRole("button", { name: /^Withdraw ?:/ });
    await withdraw.first().waitFor();
    const all = await withdraw.count();
    expect(all).toBeGreaterThan(0);
    const accept = page.getByRole("button", { name: /^Accept for later engagements ?:/ });
    const open = await accept.count();
    expect(open).toBeGreaterThan(0);
    await accept.first().click();
    await expect.poll(() => accept.count()).toBe(open - 1);
    await page.getByText("shown to other engagements").first().waitFor();
    await withdraw.first().click();
    const last = page.getByRole("button", { name: "Withdraw this note" });
    expect(await last.isDisabled()).toBe(true);
    await page.getByLabel("Why is it withdrawn?").fill("It was never true.");
    await last.click();
    await page.getByText("It was never true.").waitFor();
    await expect.poll(() => withdraw.count()).toBe(all - 1);
    expect(grace.faults).toEqual([]);
    await grace.leaves();
  });

  it("figures are the operator's; patterns are everyone's", async () => {
    const grace = await Person.arrives(service, OPERATOR);
    await grace.page.getByRole("link", { name: "Analytics" }).click();
    await grace.page.getByText("No engagement has ended yet.").first().waitFor();
    await grace.page.getByRole("checkbox", { name: "Rehearsals" }).check();
    await grace.page.getByRole("region", { name: "By month" }).getByText("1 / 1").waitFor();
    await grace.page.getByRole("region", { name: "Cost" }).getByText("Discovery").first().waitFor();
    expect(grace.faults).toEqual([]);
    await grace.leaves();

    const ada = await Person.arrives(service, "token-of-ada");
    await ada.page.getByRole("link", { name: "Patterns" }).click();
    await ada.page.getByText("A queue with a dead-letter queue and alarms").waitFor();
    expect(await ada.page.getByRole("link", { name: "Analytics" }).count()).toBe(0);
    expect(ada.faults).toEqual([]);
    await ada.leaves();
    await expect(service.ask("GET", "/analytics/trend", undefined, "token-of-ada")).rejects.toThrow(
      "403",
    );
  });
});
