// The files that an operator gives to Prometheus and Grafana: promtool is content, and each alert is tested.
// Usage: node alerts_test.mjs
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { promtool } from '../../support/promtool.mjs';
import { alerts, config, dashboard, panel_expressions, read, used_by_dashboard, used_by_rules } from './monitoring_files.mjs';

promtool(['check', 'config', join(config, 'prometheus.yml')]);
promtool(['check', 'rules', join(config, 'prometheus-alerts.yml')]);
promtool(['test', 'rules', join(config, 'prometheus-alerts.test.yml')]);

const tests = read('prometheus-alerts.test.yml');
const operations = readFileSync(join(config, '../docs/OPERATIONS.md'), 'utf8');
assert.ok(alerts().length >= 10, 'the alerts were not found');
for (const name of alerts()) {
    assert.match(tests, new RegExp(`alertname: ${name}\\b|alertname="${name}"`), `${name} has no test`);
    assert.ok(operations.includes(`\`${name}\``), `docs/OPERATIONS.md does not say what to do about ${name}`);
}

// Rules are what promtool reads expressions from; JSON is YAML.
const folder = mkdtempSync(join(tmpdir(), 'emeth-alerts-'));
const rules = panel_expressions().map((expr, index) => ({ record: `panel_${index}`, expr }));
writeFileSync(join(folder, 'panels.yml'), JSON.stringify({ groups: [{ name: 'panels', rules }] }));
promtool(['check', 'rules', join(folder, 'panels.yml')]);
rmSync(folder, { recursive: true });

const { panels, title } = dashboard();
assert.equal(title, 'emeth master');
assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'ids of panels are unique');
const cell = ({ x, y, w, h }) => [x, y, x + w, y + h];
for (const [index, one] of panels.entries())
    for (const other of panels.slice(index + 1)) {
        const [left, top, right, bottom] = cell(one.gridPos);
        const [left2, top2, right2, bottom2] = cell(other.gridPos);
        const apart = right <= left2 || right2 <= left || bottom <= top2 || bottom2 <= top;
        assert.ok(apart && right <= 24, `${one.title} and ${other.title} lie upon one another`);
    }
assert.ok(used_by_rules().size >= 10 && used_by_dashboard().size >= 30, 'the metrics were not found');
