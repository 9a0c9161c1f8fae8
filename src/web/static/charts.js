// Charts, by uPlot, which is loaded only when there is one to draw. A page has a place for each, by its id.
import { text } from './texts.js';

const height_px = 240;
const drawn = new Map();  // by id: {place, plot, key}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function axis(label, more = {}) {
    const line = { stroke: colour('--line'), width: 1 };
    return { stroke: colour('--muted'), grid: line, ticks: line, label, labelSize: 20, ...more };
}

// The losses of a JOB's training, by step.

/** [steps, losses, losses of checkpoints], in the order of the steps. */
function loss_data(seen, saved) {
    const by_step = new Map();
    for (const { step, loss } of seen) by_step.set(step, [loss, null]);
    for (const { step, loss } of saved) by_step.set(step, [by_step.get(step)?.[0] ?? loss, loss]);
    const steps = [...by_step.keys()].sort((a, b) => a - b);
    return [steps, steps.map((step) => by_step.get(step)[0]), steps.map((step) => by_step.get(step)[1])];
}

function losses(node, { id }) {
    const page = node.jobs.get(id);
    if (!page) return undefined;
    return {
        data: loss_data(node.losses.get(id) ?? [], page.losses),
        options: () => ({
            scales: { x: { time: false } },
            axes: [axis(text('step')), axis(text('loss'), { size: 48 })],
            series: [
                { label: text('step') },
                { label: text('loss'), stroke: colour('--accent'), width: 2, spanGaps: true, points: { show: false } },
                { label: text('checkpoint'), stroke: colour('--good'), paths: () => null,
                    points: { show: true, size: 7, fill: colour('--good') } }
            ]
        })
    };
}

// What each UTC day brought.

const wei_per_coin = 1e18;
const in_coins = (wei) => Number(wei ?? 0) / wei_per_coin;

function income({ snapshot: { days } }) {
    if (!days) return undefined;
    const oldest_first = [...days].reverse();
    const name_of = (index) => oldest_first[index]?.day.slice(5) ?? '';
    const fees = oldest_first.map((day) => in_coins(day.fees));
    const rewards = oldest_first.map((day, i) => fees[i] + in_coins(day.withdrawn));  // stacked upon the fees
    return {
        data: [oldest_first.map((_, index) => index), rewards, fees, oldest_first.map((day) => -in_coins(day.penalties))],
        options: (Plot) => {
            const bars = Plot.paths.bars({ size: [0.6, 60] });
            const series = (name, tone) => ({ label: text(name), stroke: colour(tone), fill: colour(tone), width: 0,
                paths: bars, points: { show: false } });
            return {
                legend: { live: false },
                cursor: { show: false },
                scales: { x: { time: false, range: [-0.5, oldest_first.length - 0.5] } },
                axes: [axis('', { values: (_, at) => at.map(name_of), splits: () => oldest_first.map((_, i) => i), grid: { show: false } }),
                    axis('EMT', { size: 70 })],
                series: [{}, series('slot_reward', '--good'), series('fees', '--accent'), series('penalty', '--danger')]
            };
        }
    };
}

const charts = { 'loss-chart': losses, 'income-chart': income };

function forget(id) {
    drawn.get(id)?.plot.destroy();
    drawn.delete(id);
}

async function draw(id, place, { data, options }, of_what) {
    const { default: Plot } = await import('./uPlot.esm.js');
    if (!place.isConnected) return;
    const width = place.clientWidth;
    // What was drawn for another JOB, other colours, words or widths is drawn anew.
    const key = `${of_what} ${width} ${colour('--accent')} ${document.documentElement.lang}`;
    const before = drawn.get(id);
    if (before?.place === place && before.key === key) {
        before.plot.setData(data);
        return;
    }
    forget(id);
    drawn.set(id, { place, key, plot: new Plot({ width, height: height_px, ...options(Plot) }, data, place) });
}

/** Draws what the page at hand has a place for. */
export function draw_charts(node, at) {
    for (const [id, chart] of Object.entries(charts)) {
        const place = document.getElementById(id);
        const drawing = place && chart(node, at);
        if (drawing) draw(id, place, drawing, at.id);
        else forget(id);
    }
}

addEventListener('resize', () => {
    for (const { plot, place } of drawn.values()) plot.setSize({ width: place.clientWidth, height: height_px });
});
