/** Words and numbers in lines; the first column names the line. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
  /** How the lines came about, and how to read them. */
  readonly notes?: readonly string[];
}
