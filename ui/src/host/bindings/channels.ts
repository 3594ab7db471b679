// Generated from the facts of the channels. Do not edit.
import type { ChannelFacts } from './ChannelFacts';

export const channels: ChannelFacts[] = [
  {
    "kind": "ntfy",
    "name": {
      "english": "ntfy",
      "chinese": "ntfy"
    },
    "fields": [
      {
        "key": "server",
        "label": {
          "english": "Server",
          "chinese": "服务器"
        },
        "secret": false,
        "default": "https://ntfy.sh"
      },
      {
        "key": "topic",
        "label": {
          "english": "Topic",
          "chinese": "主题"
        },
        "secret": true,
        "default": null
      },
      {
        "key": "token",
        "label": {
          "english": "Access token",
          "chinese": "访问令牌"
        },
        "secret": true,
        "default": ""
      }
    ]
  },
  {
    "kind": "bark",
    "name": {
      "english": "Bark",
      "chinese": "Bark"
    },
    "fields": [
      {
        "key": "server",
        "label": {
          "english": "Server",
          "chinese": "服务器"
        },
        "secret": false,
        "default": "https://api.day.app"
      },
      {
        "key": "device_key",
        "label": {
          "english": "Device key",
          "chinese": "设备密钥"
        },
        "secret": true,
        "default": null
      }
    ]
  },
  {
    "kind": "gotify",
    "name": {
      "english": "Gotify",
      "chinese": "Gotify"
    },
    "fields": [
      {
        "key": "server",
        "label": {
          "english": "Server",
          "chinese": "服务器"
        },
        "secret": false,
        "default": null
      },
      {
        "key": "token",
        "label": {
          "english": "Application token",
          "chinese": "应用令牌"
        },
        "secret": true,
        "default": null
      }
    ]
  },
  {
    "kind": "serverchan",
    "name": {
      "english": "ServerChan",
      "chinese": "Server酱"
    },
    "fields": [
      {
        "key": "key",
        "label": {
          "english": "SendKey",
          "chinese": "SendKey"
        },
        "secret": true,
        "default": null
      }
    ]
  },
  {
    "kind": "wecom",
    "name": {
      "english": "WeCom robot",
      "chinese": "企业微信机器人"
    },
    "fields": [
      {
        "key": "key",
        "label": {
          "english": "Robot key",
          "chinese": "机器人 key"
        },
        "secret": true,
        "default": null
      }
    ]
  },
  {
    "kind": "dingtalk",
    "name": {
      "english": "DingTalk robot",
      "chinese": "钉钉机器人"
    },
    "fields": [
      {
        "key": "access_token",
        "label": {
          "english": "Access token",
          "chinese": "access_token"
        },
        "secret": true,
        "default": null
      },
      {
        "key": "secret",
        "label": {
          "english": "Signing secret (SEC…)",
          "chinese": "加签密钥（SEC…）"
        },
        "secret": true,
        "default": ""
      }
    ]
  },
  {
    "kind": "feishu",
    "name": {
      "english": "Feishu robot",
      "chinese": "飞书机器人"
    },
    "fields": [
      {
        "key": "server",
        "label": {
          "english": "Server",
          "chinese": "服务器"
        },
        "secret": false,
        "default": "https://open.feishu.cn"
      },
      {
        "key": "hook",
        "label": {
          "english": "Webhook ID",
          "chinese": "Webhook ID"
        },
        "secret": true,
        "default": null
      },
      {
        "key": "secret",
        "label": {
          "english": "Signing secret",
          "chinese": "签名密钥"
        },
        "secret": true,
        "default": ""
      }
    ]
  },
  {
    "kind": "telegram",
    "name": {
      "english": "Telegram",
      "chinese": "Telegram"
    },
    "fields": [
      {
        "key": "server",
        "label": {
          "english": "Server",
          "chinese": "服务器"
        },
        "secret": false,
        "default": "https://api.telegram.org"
      },
      {
        "key": "token",
        "label": {
          "english": "Bot token",
          "chinese": "Bot token"
        },
        "secret": true,
        "default": null
      },
      {
        "key": "chat",
        "label": {
          "english": "Chat ID",
          "chinese": "会话 ID"
        },
        "secret": false,
        "default": null
      }
    ]
  },
  {
    "kind": "pushplus",
    "name": {
      "english": "PushPlus",
      "chinese": "PushPlus"
    },
    "fields": [
      {
        "key": "token",
        "label": {
          "english": "Token",
          "chinese": "Token"
        },
        "secret": true,
        "default": null
      }
    ]
  },
  {
    "kind": "webhook",
    "name": {
      "english": "Webhook",
      "chinese": "Webhook"
    },
    "fields": [
      {
        "key": "url",
        "label": {
          "english": "Address",
          "chinese": "地址"
        },
        "secret": true,
        "default": null
      }
    ]
  }
];
