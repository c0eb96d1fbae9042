// Placeholder: `npm run determinism` is not written yet.
console.error('heddle: this command is not written yet');
process.exit(1);
