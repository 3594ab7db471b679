/** The pages under test: built once, served under the policy of a release, opened in Chromium. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

import type { PreferenceChange } from '../../src/host/bindings/PreferenceChange';
import type { ServiceFacts } from '../../src/host/bindings/ServiceFacts';
import type { SceneName } from '../../src/host/scenes';
import type { Call, ScriptedHost } from '../../src/host/scripted';

const PAGES = join(import.meta.dirname, '../../../target/ui-scripted');
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
/** As strict as the release's: what breaks it breaks there. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'none'; connect-src 'none'; base-uri 'none'; form-action 'none'";

/** How to look at a scene. */
export interface Look {
  lang?: 'en' | 'zh';
  theme?: 'light' | 'dark';
  os?: 'linux' | 'mac' | 'win';
  width?: number;
  height?: number;
  scale?: number;
  /** How large text is, 1 being usual. */
  text?: number;
  /** Whether time stands at the scene's moment. */
  still?: boolean;
  /** What keeps the credentials; the keychain, if it is not said. */
  store?: 'keychain' | 'postgres';
  /** A service more than there are. */
  service?: ServiceFacts;
  motion?: 'reduce' | 'no-preference';
}

/** A browser and a server for as long as a test file runs. */
export class Stage {
  /** Windows that a scene has left, by what cannot be changed in them any more. A load in one of these takes half the time. */
  private readonly left = new Map<string, Page[]>();

  private constructor(
    private readonly browser: Browser,
    private readonly server: Server,
  ) {}

  static async open(): Promise<Stage> {
    const server = createServer((request, response) => {
      const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
      readFile(join(PAGES, path)).then(
        (body) => {
          response.writeHead(200, {
            'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
            'content-security-policy': POLICY,
          });
          response.end(body);
        },
        // A browser asks for a favicon by itself; there is none.
        () => response.writeHead(path === '/favicon.ico' ? 204 : 404).end(),
      );
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const browser = await chromium.launch({
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--font-render-hinting=none',
      ],
    });
    return new Stage(browser, server);
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.server.close();
  }

  /** Opens a scene in a window that no other scene is in. The page fails its test when it breaks the policy or throws. */
  async scene(name: SceneName, look: Look = {}): Promise<Scene> {
    const { lang = 'en', theme = 'light', os = 'linux', width = 960, height = 640, scale = 1, still = true } = look;
    const motion = look.motion ?? 'reduce';
    const kind = `${String(scale)} ${motion} ${theme}`;
    const page =
      this.left.get(kind)?.pop() ??
      (await this.window({
        viewport: { width, height },
        deviceScaleFactor: scale,
        timezoneId: 'Asia/Shanghai',
        colorScheme: theme,
        reducedMotion: motion,
      }));
    await page.bringToFront();
    await page.setViewportSize({ width, height });
    const scene = new Scene(page, (page) => {
      this.left.set(kind, [...(this.left.get(kind) ?? []), page]);
    });
    const query = new URLSearchParams({ scene: name, lang, os, store: look.store ?? 'keychain', ...(still ? { still: '' } : {}), ...(look.service ? { service: JSON.stringify(look.service) } : {}) });
    const { port } = this.server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${String(port)}/scripted.html?${query.toString()}`);
    await page.waitForSelector(`html[data-shown="${name}"]`);
    if (look.text !== undefined) await scene.enlarge(look.text);
    await scene.settled();
    return scene;
  }

  private async window(options: BrowserContextOptions): Promise<Page> {
    const context = await this.browser.newContext(options);
    // As the shell does in a release.
    await context.addInitScript(() => Object.freeze(Object.prototype));
    return context.newPage();
  }
}

/** A scene on screen. */
export class Scene {
  private readonly wrongs: string[] = [];

  constructor(
    readonly page: Page,
    private readonly leave: (page: Page) => void,
  ) {
    page.on('pageerror', (error) => this.wrongs.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.wrongs.push(message.text());
    });
  }

  /** Leaves it; throws when anything went wrong in it. */
  async close(): Promise<void> {
    // The pointer is nowhere when the next scene begins.
    await this.page.mouse.move(-1, -1);
    this.page.removeAllListeners();
    if (this.wrongs.length > 0) throw new Error(this.wrongs.join('\n'));
    this.leave(this.page);
  }

  /** Sets how large text is. */
  async enlarge(text: number): Promise<void> {
    await this.page.evaluate((text) => {
      document.documentElement.style.fontSize = `${String(text * 100)}%`;
    }, text);
    await this.settled();
  }

  /** Changes the language or the theme, as the settings do. */
  async show(change: Pick<PreferenceChange, 'language' | 'theme'>): Promise<void> {
    await this.host((host, change) => {
      void host.setPreferences(change);
    }, change);
    await this.settled();
  }

  /** Waits until what was done is on screen. */
  settled(): Promise<void> {
    return this.page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => { drawn(); }))),
    );
  }

  /** What the host was asked to do. */
  calls(): Promise<Call[]> {
    return this.page.evaluate(() => (window as unknown as { host: ScriptedHost }).host.calls);
  }

  /** Lets the program behind the window do something. */
  host<T>(action: (host: ScriptedHost, given: T) => void, given: T): Promise<void> {
    return this.page.evaluate(`(${String(action)})(window.host, ${JSON.stringify(given)})`);
  }
}
