// @ts-check
/** Prints the kernel modules that cases need, one a line: `wanted-modules.mjs NAME,…`. */
const wanted = new Set(['veth']);
for (const name of (process.argv[2] ?? '').split(',')) {
  const { modules } = /** @type {{ modules: readonly string[] }} */ (await import(`./guest/cases/${name}.mjs`));
  for (const module of modules) wanted.add(module);
}
console.log([...wanted].join('\n'));
