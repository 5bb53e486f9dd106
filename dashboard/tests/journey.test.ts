import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Person, closed, launched } from "./browser";
import { STATEMENT, Service } from "./service";

let service: Service;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(async () => {
  await closed();
  await service.stop();
});

/** A PDF as a customer would send it, printed by the browser. */
async function printed(text: string): Promise<Buffer> {
  const page = await (await launched()).newPage();
  const lines = text.split("\n").map((line) => {
    const heading = /^(#+) (.*)$/.exec(line);
    return heading
      ? `<h${heading[1]?.length}>${heading[2]}</h${heading[1]?.length}>`
      : `<p>${line}</p>`;
  });
  await page.setContent(lines.join(""));
  const pdf = await page.pdf();
  await page.close();
  return pdf;
}

describe("a customer with a statement of work", () => {
  it("starts an engagement, sends a phase back with remarks, and approves all phases", async () => {
    const ada = await Person.arrives(service);
    const { page } = ada;

    // Nothing waits yet.
    await page.getByText("Nothing is waiting for you.").waitFor();
    expect(page.url(), "the token leaves the address").toBe(`${service.url}/app/inbox`);

    // A document is read before anything is spent.
    await page.getByRole("link", { name: "Start an engagement" }).click();
    const buffer = await printed(STATEMENT);
    await page
      .getByLabel("Statement of work", { exact: true })
      .setInputFiles({ name: "parcels.pdf", mimeType: "application/pdf", buffer });
    await page.getByRole("button", { name: "Analyse" }).click();
    await page.getByText("The service tells the place of a parcel by its number.").waitFor();
    await page.getByLabel("Engagement name").fill("parcels");
    await page.getByRole("checkbox", { name: /rehearsal/ }).check();
    await page.getByRole("button", { name: "Start the rehearsal" }).click();
    await page.getByText("Discovery is waiting for approval").waitFor();

    // The gate: what changed, a remark on a passage, and back to the crew.
    await page.getByRole("link", { name: "Review", exact: true }).click();
    await page.getByRole("heading", { name: "Approve Discovery?" }).waitFor();
    await page.getByText("2 of 2 are mentioned in these files").waitFor();
    await page.getByRole("button", { name: /^Add remark on: Project plan/ }).click();
    await page.getByLabel("Your remark").fill("Name the carrier.");
    await page.getByRole("button", { name: "Save remark" }).click();
    await page.getByRole("button", { name: "Request changes" }).click();
    await page.getByText("Say what should change.").waitFor();
    await page.getByLabel("Your feedback to the crew").fill("Please add the carrier.");
    await page.getByRole("button", { name: "Request changes" }).click();
    await page.getByText("with your feedback and 1 remark.").waitFor();
    await page.getByRole("button", { name: "Yes, send it back" }).click();
    await page.getByText("requested changes on").waitFor();

    // The next revision says what is different since then, and what became of the remark.
    await page.getByRole("link", { name: /^Next: Approve Discovery/ }).click();
    await page.getByText("run 2 of this phase").waitFor();
    await expect.poll(() => page.getByLabel("since").inputValue()).toBe("mine");
    await page.getByText("Name the carrier.").first().waitFor();
    await page.getByRole("button", { name: "Close this remark" }).click();
    await page.getByText(/closed by/).waitFor();

    // Approval says what exactly is approved, and what comes next.
    await page.getByRole("radio", { name: "4" }).first().check({ force: true });
    await page.getByRole("button", { name: "Mark as viewed" }).click();
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByText(/You approve run 2 of Discovery/).waitFor();
    await page.getByText(/After that: Architecture. Expected cost/).waitFor();
    await page.getByRole("button", { name: "Yes, approve" }).click();
    await page.getByText("approved this on").waitFor();
    const detail = await service.ask<{ answer: unknown }>(
      "GET",
      "/projects/parcels/requests/discovery-2",
    );
    expect(detail.answer).toMatchObject({ decision: "approved" });

    // The other phases, one after the other.
    for (let phases = 0; phases < 8; phases += 1) {
      const open = await service.waiting("parcels");
      if (!open) break;
      await ada.goes(`/app/p/parcels/review/${String(open["id"])}`);
      await page.getByRole("button", { name: "Approve", exact: true }).click();
      await page.getByRole("button", { name: "Yes, approve" }).click();
      await page.getByText("approved this on").waitFor();
    }
    await ada.goes("/app/p/parcels");
    await page.getByRole("heading", { name: "All phases are complete" }).waitFor();
    expect(ada.faults).toEqual([]);
    await ada.leaves();
  });

  it("reads, downloads and asks", async () => {
    const ada = await Person.arrives(service);
    const { page } = ada;
    await ada.goes("/app/p/parcels/files");
    await page.getByRole("link", { name: "docs/architecture/architecture.md" }).click();
    await page.getByRole("article").getByRole("heading").first().waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("architecture.md");
    await page.getByRole("button", { name: "History" }).click();
    await page.getByRole("link", { name: "Show this version" }).first().waitFor();

    // The journal is whole.
    await ada.goes("/app/p/parcels/audit");
    await page.getByRole("button", { name: "Verify the journal" }).click();
    await page.getByText(/The chain of [\d,]+ entries is intact/).waitFor();

    // A question is answered, and the page says by whom.
    await ada.goes("/app/p/parcels/chat");
    await page.getByLabel("Your message").fill("Which database stores the places?");
    await page.getByRole("button", { name: "Send" }).click();
    await page
      .getByText(/answered/)
      .first()
      .waitFor();
    expect(await page.getByLabel("Your message").inputValue()).toBe("");

    for (const place of ["board", "ledger", "cost"]) await ada.goes(`/app/p/parcels/${place}`);
    expect(ada.faults).toEqual([]);
    await ada.leaves();
  });
});
