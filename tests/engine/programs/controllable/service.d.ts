export interface ServedProvider {
  port: number;
  close(): void;
}

export function serve(files: { log: string; control: string }): Promise<ServedProvider>;
