/** A name of the definitions, as a heading: `proof_of_concept` becomes `Proof of concept`. */
export function phaseName(name: string): string {
  const words = name.replace(/[-_]+/g, " ").trim();
  if (words.toLowerCase() === "poc") return "Proof of concept";
  return words.charAt(0).toUpperCase() + words.slice(1);
}
