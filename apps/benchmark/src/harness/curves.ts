/** One quantity over another, a curve for each case. Both axes are logarithmic. */
export interface Curves {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** A value of `y` that cannot be passed, and what it is. */
  readonly limit: { readonly y: number; readonly name: string };
  readonly lines: readonly Curve[];
}

export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}
