/** Jest's transform of a Lua script; `lua-modules.mjs` makes the same of it for the package. */
module.exports = {
  process: (lua) => ({ code: `module.exports = { __esModule: true, default: ${JSON.stringify(lua)} };` }),
};
