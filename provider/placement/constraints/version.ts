import { parse, type SemVer } from "semver";

/**
 * Reads a version as people write them: `v1.2.3`, `24.0`, `5.10.0-28-amd64`, `18.09.1`. Missing parts are 0. What
 * follows a `-` is a prerelease: it is below its release, and only a range that names a prerelease of it takes it.
 */
export function toVersion(text: string): SemVer | null {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/.exec(
    text.trim(),
  );
  if (!match) return null;
  const [, major = "0", minor = "0", patch = "0", prerelease = "", build = ""] = match;
  const numbers = [major, minor, patch].map((each) => String(Number(each)));
  return parse(`${numbers.join(".")}${prerelease}${build}`);
}
