// Prometheus's own checks of what we expose and ship: promtool, of this machine or as `./emeth test` fetches it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { repositoryFolder } from './packages.mjs';

const fetched = join(repositoryFolder, 'build', 'tools', 'promtool');

/** Runs `promtool args…`, and throws what it says if it is not content; what it says about success is returned. */
export function promtool(args, input = '') {
    const program = existsSync(fetched) ? fetched : 'promtool';
    const { status, error, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8' });
    if (error?.code === 'ENOENT')
        throw new Error(`no promtool: \`./emeth test\` fetches it into ${fetched}; Debian has it in prometheus`);
    if (error) throw error;
    // `check metrics` only warns of some faults.
    if (status !== 0 || stderr !== '') throw new Error(`promtool ${args.join(' ')}: ${stdout}${stderr}`);
    return stdout;
}
