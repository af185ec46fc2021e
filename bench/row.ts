/** One measured figure. */
export interface BenchRow {
  suite: string;
  name: string;
  value: number;
  unit: string;
  /** `value` as a multiple of what `against` names, measured in the same run. */
  ratio?: number;
  against?: string;
  goal?: string;
  /** Whether the goal was reached. */
  ok?: boolean;
}
