const { AsyncLocalStorage } = require('node:async_hooks');

const used = new Set();

for (const method of ['run', 'enterWith']) {
  const original = AsyncLocalStorage.prototype[method];
  AsyncLocalStorage.prototype[method] = function (...args) {
    used.add(this);
    return original.apply(this, args);
  };
}

/**
 * Ends the storages of a test file. jest-circus makes one for each and lets it go on, so that before Node 24 every promise of a later
 * file is handed to those of all files before it.
 */
function endStorages() {
  for (const storage of used) storage.disable();
  used.clear();
}

module.exports = { endStorages };
