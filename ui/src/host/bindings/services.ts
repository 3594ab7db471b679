// Generated from the facts of the services. Do not edit.
import type { ServiceFacts } from './ServiceFacts';

export const services: ServiceFacts[] = [
  {
    "id": "qqmusic",
    "name": {
      "english": "QQ Music",
      "chinese": "QQ 音乐"
    },
    "short_name": {
      "english": "QQ Music",
      "chinese": "QQ 音乐"
    },
    "app_name": {
      "english": "QQ Music",
      "chinese": "QQ 音乐"
    },
    "owner": {
      "english": "Tencent",
      "chinese": "腾讯"
    },
    "key_life": {
      "english": "QQ Music keys live days",
      "chinese": "QQ 音乐密钥以天计"
    },
    "icon": "M6 11.5V4l6-1.3v7.4M2.6 11.6a1.8 1.5 0 1 0 3.6 0a1.8 1.5 0 1 0 -3.6 0ZM8.6 10.2a1.8 1.5 0 1 0 3.6 0a1.8 1.5 0 1 0 -3.6 0Z",
    "color": {
      "light": "#1a8f59",
      "dark": "#1a8f59"
    },
    "methods": [
      {
        "method": "qq-scan",
        "hint": {
          "english": "QQ, not QQ Music",
          "chinese": "用 QQ，不是 QQ 音乐"
        },
        "scanner": {
          "english": "Open QQ, tap + › Scan",
          "chinese": "打开 QQ，点「+」›「扫一扫」"
        }
      },
      {
        "method": "wechat-scan",
        "hint": {
          "english": "WeChat on your phone",
          "chinese": "用手机微信"
        },
        "scanner": {
          "english": "Open WeChat, tap + › Scan",
          "chinese": "打开微信，点「+」›「扫一扫」"
        }
      },
      {
        "method": "app-scan",
        "hint": {
          "english": "The QQ Music app",
          "chinese": "用 QQ 音乐 App"
        },
        "scanner": {
          "english": "Open QQ Music, tap More › Scan",
          "chinese": "打开 QQ 音乐，点「更多」›「扫一扫」"
        }
      },
      {
        "method": "phone",
        "hint": {
          "english": "A code by text message",
          "chinese": "短信收验证码"
        },
        "scanner": null
      },
      {
        "method": "official-page",
        "hint": {
          "english": "Local QQ, or a password",
          "chinese": "本机 QQ、密码等"
        },
        "scanner": null
      }
    ],
    "tiers": [
      {
        "tier": "qq_green",
        "name": {
          "english": "Green Diamond",
          "chinese": "绿钻"
        },
        "is_highest": false
      },
      {
        "tier": "qq_luxury_green",
        "name": {
          "english": "Luxury Green Diamond",
          "chinese": "豪华绿钻"
        },
        "is_highest": false
      },
      {
        "tier": "qq_super",
        "name": {
          "english": "Super member",
          "chinese": "超级会员"
        },
        "is_highest": true
      }
    ],
    "client_identity": null,
    "formats": [
      {
        "name": "qqmusicapi",
        "words": {
          "english": "qqmusic-api Credential",
          "chinese": "qqmusic-api Credential"
        },
        "shape": "{ \"musicid\": … }"
      }
    ],
    "has_music_key": true,
    "cookie": {
      "env_name": "QQMUSIC_COOKIE",
      "domain": ".y.qq.com",
      "sample": [
        "uin",
        "qm_keyst"
      ],
      "renews": true
    },
    "paste": {
      "needs": [
        "uin",
        "qm_keyst"
      ],
      "site": "y.qq.com"
    }
  },
  {
    "id": "netease",
    "name": {
      "english": "NetEase Cloud Music",
      "chinese": "网易云音乐"
    },
    "short_name": {
      "english": "NetEase",
      "chinese": "网易云"
    },
    "app_name": {
      "english": "NetEase",
      "chinese": "网易云音乐"
    },
    "owner": {
      "english": "NetEase",
      "chinese": "网易"
    },
    "key_life": {
      "english": "NetEase keys live months",
      "chinese": "网易云密钥以月计"
    },
    "icon": "M2.4 8a5.6 5.6 0 1 0 11.2 0a5.6 5.6 0 1 0 -11.2 0ZM6.6 8a1.4 1.4 0 1 0 2.8 0a1.4 1.4 0 1 0 -2.8 0ZM8 4.9A3.1 3.1 0 0 1 11.1 8",
    "color": {
      "light": "#cc3636",
      "dark": "#cc3d3d"
    },
    "methods": [
      {
        "method": "app-scan",
        "hint": {
          "english": "The NetEase app",
          "chinese": "用网易云音乐 App"
        },
        "scanner": {
          "english": "Open the app, tap the menu › Scan",
          "chinese": "打开 App，点左上角菜单 ›「扫一扫」"
        }
      },
      {
        "method": "phone",
        "hint": {
          "english": "A code by text message",
          "chinese": "短信收验证码"
        },
        "scanner": null
      },
      {
        "method": "official-page",
        "hint": {
          "english": "Password and more",
          "chinese": "密码等方式"
        },
        "scanner": null
      }
    ],
    "tiers": [
      {
        "tier": "netease_music_package",
        "name": {
          "english": "Music package",
          "chinese": "音乐包"
        },
        "is_highest": false
      },
      {
        "tier": "netease_vinyl",
        "name": {
          "english": "Black Vinyl",
          "chinese": "黑胶 VIP"
        },
        "is_highest": false
      },
      {
        "tier": "netease_vinyl_super",
        "name": {
          "english": "Black Vinyl SVIP",
          "chinese": "黑胶 SVIP"
        },
        "is_highest": true
      }
    ],
    "client_identity": {
      "setting": "netease-profile",
      "key": "netease_profile",
      "name": {
        "english": "NetEase client",
        "chinese": "网易云客户端"
      },
      "options": [
        {
          "value": "web",
          "name": {
            "english": "Web site",
            "chinese": "网页版"
          }
        },
        {
          "value": "pc",
          "name": {
            "english": "PC client",
            "chinese": "PC 客户端"
          }
        }
      ]
    },
    "formats": [],
    "has_music_key": false,
    "cookie": {
      "env_name": "NETEASE_COOKIE",
      "domain": ".music.163.com",
      "sample": [
        "MUSIC_U",
        "__csrf"
      ],
      "renews": false
    },
    "paste": {
      "needs": [
        "MUSIC_U"
      ],
      "site": "music.163.com"
    }
  }
];
