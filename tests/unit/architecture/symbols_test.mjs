// No function or variable is defined by two objects of our libraries: a linker that takes objects from archives as they
// are needed would choose one of them without a word.
// Usage: node symbols_test.mjs ARCHIVE…
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const archives = process.argv.slice(2).filter((file) => file.endsWith('.a') && existsSync(file));
assert.ok(archives.length > 20, `only ${archives.length} archives are built`);

/** What an object defines for others, without what may be defined often: inline functions and templates. */
const is_strong = (kind) => 'TDBRSG'.includes(kind);

const symbols = execFileSync('nm', ['-A', '-P', '--defined-only', '--extern-only', ...archives],
    { encoding: 'utf8', maxBuffer: 1 << 30 });
const places = new Map();
for (const line of symbols.split('\n')) {
    const found = /^(.*\[.*\]): (\S+) (\w) /.exec(line);
    if (!found || !is_strong(found[3])) continue;
    const [, place, name] = found;
    places.set(name, [...places.get(name) ?? [], place.replace(/^.*\//, '')]);
}
assert.ok(places.size > 1_000, `only ${places.size} symbols are seen`);

const twice = [...places].filter(([, objects]) => objects.length > 1);
const readable = (name) => execFileSync('c++filt', [name], { encoding: 'utf8' }).trim();
for (const [name, objects] of twice) console.error(`${readable(name)}: ${objects.join(', ')}`);
assert.equal(twice.length, 0, 'each of these is defined more than once');
console.log(`${places.size} symbols of ${archives.length} libraries, each defined once`);
