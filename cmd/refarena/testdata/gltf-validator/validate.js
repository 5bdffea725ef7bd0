// Prints the report of the official glTF validator about a file.
const fs = require("fs");
require("gltf-validator")
  .validateBytes(new Uint8Array(fs.readFileSync(process.argv[2])), { maxIssues: 20 })
  .then((report) => console.log(JSON.stringify(report)));
