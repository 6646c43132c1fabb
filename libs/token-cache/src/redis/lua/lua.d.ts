/** A script as text: the build and the tests make an ES module of each `.lua` file. */
declare module '*.lua.js' {
  const lua: string;
  export default lua;
}
