import fc from "fast-check";

// The same tree gives the same verdict. `CLOCKER_SEED=random` looks further, a number looks at what it found again.
const asked = process.env.CLOCKER_SEED ?? "20141121";
if (asked !== "random") {
  const seed = Number(asked);
  if (!Number.isInteger(seed))
    throw new Error(`CLOCKER_SEED is "random" or a whole number, not ${asked}`);
  fc.configureGlobal({ seed });
}
