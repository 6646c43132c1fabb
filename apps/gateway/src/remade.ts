/** Makes a value of what `read` returns, and makes it anew when that is another object. */
export function remade<From extends object, To>(read: () => From, make: (from: From) => To): () => To {
  let last: { readonly from: From; readonly made: To } | undefined;
  return () => {
    const from = read();
    if (last?.from !== from) last = { from, made: make(from) };
    return last.made;
  };
}
