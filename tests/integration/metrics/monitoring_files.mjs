// The alert rules and the Grafana dashboard of config/, and which metrics they use.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { repositoryFolder } from '../../support/packages.mjs';

export const config = join(repositoryFolder, 'config');
export const read = (name) => readFileSync(join(config, name), 'utf8');

/** The names of alerts in the order of the file. */
export const alerts = () => [...read('prometheus-alerts.yml').matchAll(/- alert: (\w+)/g)].map(([, name]) => name);

/** Of the rules, each with its own: everything from `expr:` to the next key of the rule. */
function rule_expressions() {
    const rules = read('prometheus-alerts.yml').split(/^ {6}- alert: /m).slice(1);
    return rules.map((rule) => /^ {8}expr: (?:>-\n)?([^]*?)^ {8}\w+:/m.exec(rule)[1]);
}

export const dashboard = () => JSON.parse(read('grafana-dashboard.json'));

/** What the panels ask Prometheus for. */
export const panel_expressions = () =>
    dashboard().panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

const variable_queries = () => dashboard().templating.list.map(({ query }) => query.query ?? '');

/** Names of metrics in an expression; a histogram's parts count as the histogram. */
export function metrics_in(expression) {
    const found = expression.match(/\b(?:emeth|process)_[a-z0-9_]+\b/g) ?? [];
    return found.map((name) => name.replace(/_(bucket|sum|count)$/, ''));
}

export const used_by_rules = () => new Set(rule_expressions().flatMap(metrics_in));
export const used_by_dashboard = () => new Set([...panel_expressions(), ...variable_queries()].flatMap(metrics_in));
