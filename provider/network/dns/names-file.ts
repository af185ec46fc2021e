/**
 * The hosts file of a network: each record's addresses, with the name alone and with the domain. Reverse lookups are
 * answered with the first name of an address, so names of one address come before those that several share: `web-1`
 * before `web`.
 *
 * `serving`: by an address whose container is not ready yet, that of the one it replaces. Names lead to that one until the
 * new one is ready (program/hand-over.ts), and the file is then what it is without `serving`.
 */
export function namesFile(
  records: Record<string, string[]>,
  domain: string,
  serving: ReadonlyMap<string, string> = new Map(),
): string {
  const entries = Object.entries(records).sort(
    ([a, one], [b, other]) => one.length - other.length || (a < b ? -1 : a > b ? 1 : 0),
  );
  const suffix = `.${domain}`;
  return entries
    .flatMap(([name, addresses]) => {
      const plain = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
      return addresses.map((address) => {
        const old = serving.get(address);
        return old === undefined
          ? `${address} ${plain}${suffix} ${plain}\n`
          : `${old} ${plain}${suffix} ${plain} #${address}\n`;
      });
    })
    .join("");
}
