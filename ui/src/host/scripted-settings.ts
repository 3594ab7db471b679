/** How the scripted host sets a setting: as the core would, with its checks. */
import type { Problem } from './bindings/Problem';
import type { Settings } from './bindings/Settings';
import type { SettingKey } from './host';

/** The settings with one changed; throws what the core would refuse. */
export function changed(settings: Settings, key: SettingKey, value: string): Settings {
  switch (key) {
    case 'proxy': {
      if (value === 'system' || value === 'none') return { ...settings, proxy: value };
      if (!/^(https?|socks5h?):\/\/[^@/]+\/?$/.test(value)) throw invalid('a proxy address looks like http://127.0.0.1:7890');
      return { ...settings, proxy: { manual: value } };
    }
    case 'extra-ca':
      return { ...settings, extra_ca: value === '' ? null : value };
    case 'format':
      return { ...settings, format: value };
    case 'clipboard-seconds':
      return { ...settings, clipboard_seconds: Number(value) };
    case 'auto-renew':
      return { ...settings, auto_renew: value === 'on' };
    default:
      return { ...settings, [key.replaceAll('-', '_')]: value };
  }
}

/** What was given cannot be used. */
export function invalid(detail: string): Problem {
  return { code: 'invalid_input', service: null, detail, service_message: null };
}
