import { Limiter } from "./limiter.js";

/** How long the waiting believe that a server is gone because the one before them could not connect. */
const BELIEVE_MS = 2000;

/** Key exchanges at once in this process: they cost CPU here. Only for servers that have begun to answer. */
export const keyExchanges = new Limiter(6);

interface Address {
  address: string;
  port: number;
}

/**
 * The logins under way at one sshd. It refuses at random from ten on (MaxStartups 10:30:100), and hosts behind one jump host
 * all begin there. A server that does not answer holds up nobody but those who want to go to it.
 */
export class Logins {
  private static readonly servers = new Map<string, Logins>();
  private readonly permits = new Limiter(6);
  private failure: { why: string; at: number } | undefined;

  /** Those at a server, or at the one that has this address behind a jump host. */
  static at(to: Address, through?: Address): Logins {
    const server = [through, to].map((at) => (at ? `${at.address}:${at.port}` : "")).join(" ");
    const known = Logins.servers.get(server);
    if (known) return known;
    const made = new Logins();
    Logins.servers.set(server, made);
    return made;
  }

  /**
   * Waits for a turn; the answer gives it back. `gone` instead when others found, while this one waited, that nothing answers there:
   * each would pay the whole timeout to learn the same.
   */
  async begin(): Promise<{ end: () => void; gone?: string }> {
    const begun = Date.now();
    const end = await this.permits.acquire();
    const { failure } = this;
    const isNews = failure && failure.at > begun && Date.now() - failure.at < BELIEVE_MS;
    return isNews ? { end, gone: failure.why } : { end };
  }

  /** Nothing answers there, as far as one login saw. */
  failed(why: string): void {
    this.failure = { why, at: Date.now() };
  }
}
