module.exports = {
  ...require('../../jest.preset.js'),
  displayName: 'pages',
  // github-slugger is an ES module, which Jest on Node 20 cannot load as it is.
  transformIgnorePatterns: ['/node_modules/(?!github-slugger/)'],
};
