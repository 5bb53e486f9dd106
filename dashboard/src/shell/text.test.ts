import { describe, expect, it } from "vitest";
import { catalog, used } from "../../catalogs";

/** Names of the values that a text takes. */
const values = (text: string) =>
  [...text.matchAll(/\{(\w+)[,}]/g)]
    .map((found) => found[1])
    .toSorted()
    .join(" ");

describe("the texts of the pages", () => {
  it("are all translated, and no translation is left over", () => {
    expect(Object.keys(catalog("de")).toSorted()).toEqual(used());
  });

  it("take the same values in each language", () => {
    for (const [english, german] of Object.entries(catalog("de"))) {
      expect(new Set(values(german).split(" ")), english).toEqual(
        new Set(values(english).split(" ")),
      );
    }
  });
});
