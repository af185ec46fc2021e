/**
 * The hosts file of a network: each record's addresses, with the name alone and with the domain. Reverse lookups are
 * answered with the first name of an address, so names of one address come before those that several share: `web-1`
 * before `web`.
 */
export function namesFile(records: Record<string, string[]>, domain: string): string {
  const entries = Object.entries(records).sort(
    ([a, one], [b, other]) => one.length - other.length || (a < b ? -1 : a > b ? 1 : 0),
  );
  const suffix = `.${domain}`;
  return entries
    .flatMap(([name, addresses]) => {
      const plain = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
      return addresses.map((address) => `${address} ${plain}${suffix} ${plain}\n`);
    })
    .join("");
}
