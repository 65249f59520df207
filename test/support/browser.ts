// A headless Chromium for tests: the one in the npm package, or the one that CHROME_PATH names (the package is for Linux on x64).

import packaged from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';

/** Starts a browser; close it in the test. The first start unpacks it, which takes some seconds. */
export async function startBrowser(): Promise<Browser> {
  const own = process.env['CHROME_PATH'];
  if (own) return chromium.launch({ executablePath: own, args: ['--no-sandbox'] });
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      'no Chromium for this machine in the packages: set CHROME_PATH to an installed Chrome or Chromium',
    );
  }
  return chromium.launch({
    executablePath: await packaged.executablePath(),
    args: [...packaged.args, '--no-sandbox'],
  });
}
