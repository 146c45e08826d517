// The built playground in a browser: training, buttons, checkpoints, accessibility, security policy.
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { load, NTM, Random, readSafetensors, writeSafetensors } from 'tapehead';
import { openFile, playgroundTest, ready, reset, saved, stepTo } from './playground.js';

const test = playgroundTest();

/** Settings with which a page trains quickly, and the factor by which its loss must fall. */
const lessons = {
  ntm: { settings: { length: 4, memorySize: 16, wordSize: 12 }, factor: 4 },
  gumbel: { settings: {}, factor: 5 },
  kernel: { settings: { largest: 64, iterations: 15 }, factor: 1.5 },
  vae: { settings: { memorySize: 64, batch: 4 }, factor: 4 },
} as const;

type Name = keyof typeof lessons;
const names = Object.keys(lessons) as Name[];

async function shown(page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector).getByText(text, { exact: true }).waitFor();
}

async function numberIn(page: Page, selector: string): Promise<number> {
  return Number((await page.textContent(selector))?.replaceAll(',', ''));
}

/** Huge dimensions, whose product is at most 2^45, and one of 0: no elements. */
function emptyShape(shape: readonly number[]): number[] {
  return [...shape.map(() => 2 ** Math.floor(45 / shape.length)), 0];
}

/** All weights after a reset and three updates. */
async function trained(page: Page): Promise<unknown> {
  await reset(page);
  await stepTo(page, 3);
  return readSafetensors(await saved(page)).tensors;
}

for (const name of names) {
  const { settings, factor } = lessons[name];

  test.serial(`${name}: after a click on Train the loss falls by a factor of ${factor}`, async (t) => {
    const page = await ready(await t.context.browser.newPage(), t.context.isolated, name, settings);
    await stepTo(page, 1);
    const first = await numberIn(page, '#loss');
    await page.click('#train');
    await page.waitForFunction(
      (limit) => Number(document.querySelector('#loss')?.textContent) < limit,
      first / factor,
      { timeout: 120_000 },
    );
    await page.click('#train');
    await page.getByText(/^Paused after/).waitFor();
    t.is(await page.textContent('#train'), 'Train');
    t.regex(String(await page.textContent('#engine')), /^Runs the (simd|relaxed) kernels on \d+ threads: /);
    await page.close();
  });

  test.serial(`${name}: equal seeds give equal weights, different seeds different ones`, async (t) => {
    const page = await ready(await t.context.browser.newPage(), t.context.isolated, name, settings);
    const first = await trained(page);
    t.deepEqual(await trained(page), first);
    await page.locator('#settings [name=seed]').fill('2');
    await page.locator('#settings [name=seed]').blur();
    t.regex(String(await page.textContent('#settings-hint')), /Press Reset/);
    t.notDeepEqual(await trained(page), first);
    await page.close();
  });

  test.serial(`${name}: Pause stops training, and Train continues`, async (t) => {
    const page = await ready(await t.context.browser.newPage(), t.context.isolated, name, settings);
    await page.click('#train');
    await page.waitForFunction(() => Number(document.querySelector('#updates')?.textContent) > 0);
    await page.click('#train');
    await page.getByText(/^Paused after/).waitFor();
    const paused = await numberIn(page, '#updates');
    await page.click('#step');
    await shown(page, '#updates', (paused + 1).toLocaleString('en'));
    await page.click('#train');
    await page.getByText('Training.', { exact: true }).waitFor();
    await page.click('#train');
    await page.getByText(/^Paused after/).waitFor();
    t.true((await numberIn(page, '#updates')) > paused + 1);
    await page.close();
  });

  test.serial(`${name}: a checkpoint round-trips; an invalid file changes nothing`, async (t) => {
    const page = await ready(await t.context.browser.newPage(), t.context.isolated, name, settings);
    await stepTo(page, 4);
    const file = await saved(page);
    await page.locator('#settings [name=seed]').fill('3');
    await reset(page);
    await openFile(page, file);
    await page.getByText('Checkpoint loaded.').waitFor();
    await shown(page, '#updates', '4');
    t.deepEqual(readSafetensors(await saved(page)).tensors, readSafetensors(file).tensors);
    for (const wrong of [new TextEncoder().encode('not a checkpoint'), writeSafetensors(new Map())]) {
      await openFile(page, wrong);
      await page.getByText(/^Cannot load this checkpoint: .+\. Nothing has changed\.$/).waitFor();
      t.is(await page.textContent('#updates'), '4');
      await page.click('#save');
      await page.getByText('Checkpoint saved.').waitFor();
    }
    await page.close();
  });

  test.serial(`${name}: a checkpoint of huge dimensions or of NaN is refused at once`, async (t) => {
    const page = await ready(await t.context.browser.newPage(), t.context.isolated, name, settings);
    await stepTo(page, 1);
    const { tensors, metadata } = readSafetensors(await saved(page));
    // Tensors without elements fit into a file of a few kilobytes, whatever their other dimensions.
    const huge = new Map(
      [...tensors].map(([key, { shape }]) => [key, { shape: emptyShape(shape), data: new Float32Array() }]),
    );
    const nan = new Map(
      [...tensors].map(([key, { shape, data }]) => [
        key,
        { shape, data: new Float32Array(data.length).fill(Number.NaN) },
      ]),
    );
    const refusals = [
      [huge, /must be an integer from \d+ to \d+, got \d{4,}\. Nothing has changed\.$/],
      [nan, /must hold finite numbers, got NaN at index 0\. Nothing has changed\.$/],
    ] as const;
    for (const [wrong, message] of refusals) {
      const start = performance.now();
      await openFile(page, writeSafetensors(wrong, metadata));
      await page.getByText(message).waitFor();
      t.true(performance.now() - start < 3000);
      await stepTo(page, Number(await page.textContent('#updates')) + 1);
    }
    await page.close();
  });

  test.serial(`${name}: the page works under its security policy, heat maps included`, async (t) => {
    const page = await t.context.browser.newPage();
    const violations: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') violations.push(message.text());
    });
    page.on('pageerror', (error) => violations.push(error.message));
    await ready(page, t.context.isolated, name, settings);
    await stepTo(page, 2);
    const images = await page.locator('.plot image').evaluateAll(async (elements) => {
      const urls = elements.map((element) => (element as SVGImageElement).href.baseVal);
      // Rejects if the policy blocks the image.
      await Promise.all(urls.map((src) => Object.assign(new Image(), { src }).decode()));
      return urls.length;
    });
    t.is(images > 0, name === 'ntm' || name === 'gumbel');
    await saved(page);
    t.deepEqual(violations, []);
    const blocked = await page.evaluate(() => {
      const violated = new Promise((resolve) =>
        addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true }),
      );
      document.body.append(
        Object.assign(document.createElement('script'), { textContent: 'globalThis.injected = true' }),
      );
      return violated;
    });
    t.is(blocked, 'script-src-elem');
    t.is(await page.evaluate('globalThis.injected'), undefined);
    await page.close();
  });

  test.serial(`${name}: without isolation the page uses one thread and says why`, async (t) => {
    const page = await ready(await t.context.browser.newPage(), t.context.open, name, settings);
    t.regex(String(await page.textContent('#engine')), /on one thread: .*a page must be cross-origin isolated/);
    await stepTo(page, 1);
    t.true(Number.isFinite(await numberIn(page, '#loss')));
    await page.close();
  });

  test.serial(`${name}: without SIMD the page says that training failed`, async (t) => {
    const page = await t.context.browser.newPage();
    await page.route('**/assets/worker-*.js', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `WebAssembly.validate = () => false;\n${await response.text()}` });
    });
    await page.goto(`${t.context.isolated.url}/${name}/index.html`);
    await page.getByText(/^Training failed: load: .*WebAssembly SIMD/).waitFor();
    t.true(await page.isDisabled('#train'));
    await page.unrouteAll({ behavior: 'wait' });
    await page.close();
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const path of ['index.html', ...names.map((name) => `${name}/index.html`)]) {
    test.serial(`axe finds no violation on ${path} in ${colorScheme}, and the page fits 360 pixels`, async (t) => {
      const { browser, isolated } = t.context;
      const page = await browser.newPage({ colorScheme, viewport: { width: 360, height: 740 } });
      await page.goto(`${isolated.url}/${path}`);
      if (path !== 'index.html') await page.locator('.plot svg').first().waitFor();
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<axe.AxeResults>('axe.run()');
      t.deepEqual(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
        [],
      );
      t.is(await page.evaluate(() => document.documentElement.scrollWidth), 360);
      await page.close();
    });
  }
}

test.serial('plots have their colors even if the style sheet arrives after the scripts', async (t) => {
  const page = await t.context.browser.newPage();
  await page.route('**/gumbel/index.html', async (route) => {
    const response = await route.fetch();
    // A style sheet for print does not delay scripts, as no style sheet does in WebKit.
    const body = (await response.text()).replace('<link rel="stylesheet"', '<link media="print" rel="stylesheet"');
    await route.fulfill({ response, body });
  });
  await page.goto(`${t.context.open.url}/gumbel/index.html`);
  await page.locator('#fit svg').waitFor();
  const strokes = () =>
    page.locator('#fit g[stroke]').evaluateAll((marks) => marks.map((mark) => mark.getAttribute('stroke')));
  t.false((await strokes()).some((stroke) => stroke?.startsWith('#')));
  await page.evaluate(() => document.querySelector('link[media=print]')?.removeAttribute('media'));
  await page.waitForFunction(() => getComputedStyle(document.documentElement).getPropertyValue('--blue') !== '');
  await stepTo(page, 1);
  const blue = await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--blue'));
  t.true((await strokes()).includes(blue));
  await page.close();
});

test.serial('a checkpoint of another size, made in Node, sets the form', async (t) => {
  const page = await ready(await t.context.browser.newPage(), t.context.isolated, 'ntm');
  const runtime = await load({ threads: 1 });
  const sizes = { memorySize: 24, wordSize: 10, controllerSize: 32 };
  const model = new NTM(runtime, { inputSize: 6, outputSize: 5, random: new Random(runtime, 1), ...sizes });
  await openFile(page, writeSafetensors(model.parameters.stateDict()));
  await page.getByText('Checkpoint loaded.').waitFor();
  for (const [field, value] of Object.entries({ ...sizes, vectorSize: 5 })) {
    t.is(await page.inputValue(`#settings [name=${field}]`), String(value));
  }
  await page.close();
});

test.serial('ntm: a test at length 120, and the memory after a chosen step', async (t) => {
  const page = await ready(await t.context.browser.newPage(), t.context.isolated, 'ntm', lessons.ntm.settings);
  await page.click('#test');
  await page.getByText(/^\d+\.\d+ % of the bits of 5 sequences of length 120 are wrong\.$/).waitFor();
  t.is(await page.locator('#long-outputs svg').count(), 1);
  await page.focus('#time');
  await page.keyboard.press('Home');
  await shown(page, '#time-shown', '1 of 9');
  t.is(await page.inputValue('#settings [name=wordSize]'), String(lessons.ntm.settings.wordSize));
  await page.getByRole('img', { name: 'The 16 rows of the memory after step 1', exact: true }).waitFor();
  await page.close();
});

test.serial('gumbel: reads from another bank without retraining', async (t) => {
  const page = await ready(await t.context.browser.newPage(), t.context.isolated, 'gumbel');
  const before = await page.textContent('#share');
  await page.selectOption('#bank', 'double');
  const plot = page.getByRole('img', { name: /^Value read by x/ });
  await plot.getByText('2.0', { exact: true }).waitFor();
  t.is(await page.textContent('#share'), before);
  t.is(await page.textContent('#updates'), '0');
  await page.close();
});
