import type { ServerResponse } from "node:http";

/** What dockerd refuses, with its own status code and sentence. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export type Query = URLSearchParams;

/** A body; nothing (204); or a function that writes the whole response. */
export type Answer = object | string | undefined | ((response: ServerResponse) => void);

/** One request to the daemon, its path without the API's version. */
export interface Call {
  method: string;
  /** e.g. ["containers", "web", "start"] */
  path: string[];
  query: Query;
  data: Buffer;
}

export function bodyOf<Body>({ data }: Call): Body {
  return (data.length > 0 ? JSON.parse(data.toString("utf8")) : {}) as Body;
}

export function filtersOf(query: Query): Record<string, string[]> {
  return JSON.parse(query.get("filters") ?? "{}") as Record<string, string[]>;
}

export function labelsMatch(labels: Record<string, string>, wanted: string[] | undefined): boolean {
  return (wanted ?? []).every((label) => {
    const [key = "", ...value] = label.split("=");
    return value.length === 0 ? key in labels : labels[key] === value.join("=");
  });
}

/** A piece of output as Docker multiplexes it: 1 is stdout, 2 is stderr. */
export function frame(stream: 1 | 2, text: string): Buffer {
  const data = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}
