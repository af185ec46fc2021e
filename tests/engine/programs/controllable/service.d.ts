export interface ServedProvider {
  port: number;
  close(): void;
}

/** Sees what the provider does, at the moment it does it. */
export interface Witness {
  called(line: string): void;
  created(id: string, name: string): void;
  deleted(id: string): void;
}

export function serve(options: {
  log: string;
  control: string;
  witness?: Witness;
  firstNumber?: number;
}): Promise<ServedProvider>;
