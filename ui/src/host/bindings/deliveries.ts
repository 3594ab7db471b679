// Generated from the facts of deliveries. Do not edit.
import type { DeliveryFacts } from './DeliveryFacts';

export const deliveries: DeliveryFacts = {
  "presets": [
    {
      "name": "meting",
      "group": "tool",
      "fields": [],
      "title": {
        "english": "Meting-API (file)",
        "chinese": "Meting-API（文件）"
      },
      "about": {
        "english": "Writes the file in its folder “cookie” named after the service; it takes effect at once. Mount the folder and not the file into a container. Its environment variables override the file.",
        "chinese": "写入其 cookie 文件夹中以平台命名的文件，立即生效。容器请挂载文件夹而不是单个文件。它的环境变量会优先于文件。"
      },
      "setup": {
        "english": "Create the folder “cookie” before you start it: it is watched from then on. Leave METING_COOKIE_NETEASE and METING_COOKIE_TENCENT unset.",
        "chinese": "启动前先建好 cookie 文件夹，它从启动时开始监视；不要设置 METING_COOKIE_NETEASE 和 METING_COOKIE_TENCENT。"
      },
      "proof": {
        "english": "The file is read back after it is written. To see that Meting uses it, play a members-only song.",
        "chinese": "写入后会读回核对。Meting 是否用上，可用会员歌曲试播。"
      },
      "renews": null,
      "hands_over": false,
      "questions": [
        {
          "name": "path",
          "words": {
            "english": "Full path of the file",
            "chinese": "文件的完整路径"
          },
          "kind": "new_file",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "mode",
          "words": {
            "english": "Who may read it, in octal, such as 640; as it is, or 600 when it is new",
            "chinese": "权限（八进制，如 640）；省略则保持原样，新文件为 600"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": ""
        },
        {
          "name": "owner",
          "words": {
            "english": "Whose it becomes: a name or number",
            "chinese": "属主：名称或编号"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": ""
        },
        {
          "name": "group",
          "words": {
            "english": "Of which group it becomes: a name or number",
            "chinese": "属组：名称或编号"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": ""
        }
      ]
    },
    {
      "name": "meting-admin",
      "group": "tool",
      "fields": [],
      "title": {
        "english": "Meting-API, forks with an admin page",
        "chinese": "Meting-API（带管理后台的分支）"
      },
      "about": {
        "english": "Puts the cookie into its list and has it verified. The token is an API token of the admin page; change the admin’s first password, which everybody knows.",
        "chinese": "写入其 Cookie 列表并触发验证。令牌是管理后台的 API Token；请务必修改人尽皆知的初始管理员密码。"
      },
      "setup": {
        "english": "Create an API token on its admin page.",
        "chinese": "在管理后台创建 API Token。"
      },
      "proof": {
        "english": "It tries the cookie itself and says what came of that.",
        "chinese": "由它自行验证该 Cookie 并返回结果。"
      },
      "renews": {
        "english": "One of the forks renews QQ keys by itself. TuneKey sends it only what plays, so that it can’t; or give it a sign-in of its own, which it renews.",
        "chinese": "其中一个分支会自行续期 QQ 密钥。这里只给播放所需的部分，使其无法续期；也可以为它单独登录，由它续期。"
      },
      "hands_over": true,
      "questions": [
        {
          "name": "url",
          "words": {
            "english": "The address, such as https://host:port",
            "chinese": "地址，如 https://主机:端口"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "note",
          "words": {
            "english": "What the entry is called there",
            "chinese": "条目备注"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": "tunekey"
        },
        {
          "name": "plain-http",
          "words": {
            "english": "Send it without encryption to a private address; whoever is on that network can read it",
            "chinese": "不加密发送到内网地址，同一网络中的人可以读到它"
          },
          "kind": "yes_no",
          "choices": [],
          "is_secret": false,
          "default": "no"
        },
        {
          "name": "token",
          "words": {
            "english": "An API token of the admin page",
            "chinese": "管理后台的 API Token"
          },
          "kind": "text",
          "choices": [],
          "is_secret": true,
          "default": null
        }
      ]
    },
    {
      "name": "openlist",
      "group": "tool",
      "fields": [
        "MUSIC_U"
      ],
      "title": {
        "english": "OpenList or AList",
        "chinese": "OpenList 或 AList"
      },
      "about": {
        "english": "Puts the cookie into a storage that is there already, and has its folder listed with it. The token is that of the settings; it opens all of the program.",
        "chinese": "写入已有存储的 Cookie，并以此刷新其目录。令牌在其设置中，可控制整个程序。"
      },
      "setup": {
        "english": "Add a NeteaseMusic storage once. The token is in its settings.",
        "chinese": "先添加一次 NeteaseMusic 存储；令牌在其设置中。"
      },
      "proof": {
        "english": "The storage’s folder is listed anew with the new cookie.",
        "chinese": "用新 Cookie 重新列出该存储的目录。"
      },
      "renews": null,
      "hands_over": false,
      "questions": [
        {
          "name": "url",
          "words": {
            "english": "The address, such as https://host:port",
            "chinese": "地址，如 https://主机:端口"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "mount",
          "words": {
            "english": "Where the storage is mounted, such as /music",
            "chinese": "存储的挂载路径，如 /music"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "plain-http",
          "words": {
            "english": "Send it without encryption to a private address; whoever is on that network can read it",
            "chinese": "不加密发送到内网地址，同一网络中的人可以读到它"
          },
          "kind": "yes_no",
          "choices": [],
          "is_secret": false,
          "default": "no"
        },
        {
          "name": "token",
          "words": {
            "english": "The token of the settings",
            "chinese": "设置中的令牌"
          },
          "kind": "text",
          "choices": [],
          "is_secret": true,
          "default": null
        }
      ]
    },
    {
      "name": "qinglong",
      "group": "tool",
      "fields": [],
      "title": {
        "english": "qinglong",
        "chinese": "青龙面板"
      },
      "about": {
        "english": "Sets an environment variable; scripts see it at their next run. The application needs the permission for variables. Its secret is in the addresses that qinglong logs, so share no log of it.",
        "chinese": "设置环境变量，脚本下次运行时生效。应用需要「环境变量」权限。其密钥会出现在青龙自己的请求地址中，请勿外传其日志。"
      },
      "setup": {
        "english": "Create an application with the permission for environment variables in its system settings.",
        "chinese": "在系统设置中创建应用，并授予「环境变量」权限。"
      },
      "proof": {
        "english": "It answers that the variable is set; whether a script works with it shows at its next run.",
        "chinese": "由它返回变量已设置；脚本是否可用，要看下次运行。"
      },
      "renews": null,
      "hands_over": false,
      "questions": [
        {
          "name": "url",
          "words": {
            "english": "The address, such as https://host:port",
            "chinese": "地址，如 https://主机:端口"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "client-id",
          "words": {
            "english": "The application’s client id",
            "chinese": "应用的 Client ID"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "variable",
          "words": {
            "english": "The variable",
            "chinese": "环境变量名"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "plain-http",
          "words": {
            "english": "Send it without encryption to a private address; whoever is on that network can read it",
            "chinese": "不加密发送到内网地址，同一网络中的人可以读到它"
          },
          "kind": "yes_no",
          "choices": [],
          "is_secret": false,
          "default": "no"
        },
        {
          "name": "client-secret",
          "words": {
            "english": "The application’s client secret",
            "chinese": "应用的 Client Secret"
          },
          "kind": "text",
          "choices": [],
          "is_secret": true,
          "default": null
        }
      ]
    },
    {
      "name": "lx-music-api-server",
      "group": "tool",
      "fields": [],
      "title": {
        "english": "lx-music-api-server",
        "chinese": "lx-music-api-server"
      },
      "about": {
        "english": "Writes the first user of a platform in its data/config.json. It reads that only when it starts: have it restarted afterwards.",
        "chinese": "写入其 data/config.json 中某平台的第一个用户。它只在启动时读取，请设置写入后重启。"
      },
      "setup": {
        "english": "Start it once so that it writes its file, and add one user of that platform there.",
        "chinese": "先启动一次让它生成配置，并在该平台下添加一个用户。"
      },
      "proof": {
        "english": "The file is read back after it is written. A program that runs afterwards and ends with an error counts as a failure.",
        "chinese": "写入后会读回核对；之后运行的程序若出错则算失败。"
      },
      "renews": {
        "english": "It renews its tx users by itself and then writes over the file: set refreshLogin to false there, and it gets only what plays. With a sign-in of its own it may renew: set it to true.",
        "chinese": "它会自行续期 tx 用户并覆盖该文件：请在其中把 refreshLogin 设为 false，这里只给播放所需的部分。若为它单独登录，则可由它续期：设为 true。"
      },
      "hands_over": true,
      "questions": [
        {
          "name": "path",
          "words": {
            "english": "Full path of the file",
            "chinese": "文件的完整路径"
          },
          "kind": "existing_file",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "platform",
          "words": {
            "english": "The platform there",
            "chinese": "其中的平台"
          },
          "kind": "choice",
          "choices": [
            "tx",
            "wy"
          ],
          "is_secret": false,
          "default": "tx"
        },
        {
          "name": "replace",
          "words": {
            "english": "How it is replaced: in-place is for a single file that is mounted into a container",
            "chinese": "替换方式：单独挂载进容器的文件用 in-place"
          },
          "kind": "choice",
          "choices": [
            "atomic",
            "in-place"
          ],
          "is_secret": false,
          "default": "atomic"
        },
        {
          "name": "then",
          "words": {
            "english": "What to run afterwards, such as [\"docker\", \"restart\", \"name\"]; it gets nothing secret",
            "chinese": "写入后运行的程序，如 [\"docker\", \"restart\", \"名称\"]；不会得到任何机密"
          },
          "kind": "command",
          "choices": [],
          "is_secret": false,
          "default": ""
        }
      ]
    },
    {
      "name": "unblock-netease-music",
      "group": "tool",
      "fields": [],
      "title": {
        "english": "UnblockNeteaseMusic",
        "chinese": "UnblockNeteaseMusic"
      },
      "about": {
        "english": "Writes QQ_COOKIE or NETEASE_COOKIE into a .env file. It takes effect in a new process; with Compose, recreate the container. Only QQ accounts that signed in with QQ work there.",
        "chinese": "写入 .env 中的 QQ_COOKIE 或 NETEASE_COOKIE。重新创建进程后生效，Compose 请重新创建容器。QQ 账号仅支持以 QQ 登录的。"
      },
      "setup": {
        "english": "Have its service read that file: started with node from its app.js, or with env_file in Compose. No line of it may be empty: its own reader stops there.",
        "chinese": "让其服务读取该文件：用 node 启动其 app.js，或在 Compose 中用 env_file。文件中不能有空行，其自带的读取器遇到空行会失败。"
      },
      "proof": {
        "english": "The file is read back after it is written. A program that runs afterwards and ends with an error counts as a failure.",
        "chinese": "写入后会读回核对；之后运行的程序若出错则算失败。"
      },
      "renews": null,
      "hands_over": false,
      "questions": [
        {
          "name": "path",
          "words": {
            "english": "Full path of the file",
            "chinese": "文件的完整路径"
          },
          "kind": "existing_file",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "variable",
          "words": {
            "english": "The variable",
            "chinese": "变量名"
          },
          "kind": "choice",
          "choices": [
            "QQ_COOKIE",
            "NETEASE_COOKIE"
          ],
          "is_secret": false,
          "default": null
        },
        {
          "name": "replace",
          "words": {
            "english": "How it is replaced: in-place is for a single file that is mounted into a container",
            "chinese": "替换方式：单独挂载进容器的文件用 in-place"
          },
          "kind": "choice",
          "choices": [
            "atomic",
            "in-place"
          ],
          "is_secret": false,
          "default": "atomic"
        },
        {
          "name": "then",
          "words": {
            "english": "What to run afterwards, such as [\"docker\", \"restart\", \"name\"]; it gets nothing secret",
            "chinese": "写入后运行的程序，如 [\"docker\", \"restart\", \"名称\"]；不会得到任何机密"
          },
          "kind": "command",
          "choices": [],
          "is_secret": false,
          "default": ""
        }
      ]
    },
    {
      "name": "ncm-api",
      "group": "tool",
      "fields": [
        "MUSIC_U"
      ],
      "title": {
        "english": "NeteaseCloudMusicApi",
        "chinese": "NeteaseCloudMusicApi"
      },
      "about": {
        "english": "It takes the cookie with every request and keeps none, so this writes the .env file of the program that calls it. A NETEASE_COOKIE of its own has no effect over HTTP.",
        "chinese": "它不保存 Cookie，每次请求都要带上，因此写入调用它的程序的 .env。它自身的 NETEASE_COOKIE 对 HTTP 请求无效。"
      },
      "setup": {
        "english": "Have the program that calls it send that variable as the cookie of each request, best in the body of a POST.",
        "chinese": "让调用方在每次请求中把该变量作为 cookie 发送，最好放在 POST 正文里。"
      },
      "proof": {
        "english": "The file is read back after it is written. A program that runs afterwards and ends with an error counts as a failure.",
        "chinese": "写入后会读回核对；之后运行的程序若出错则算失败。"
      },
      "renews": null,
      "hands_over": false,
      "questions": [
        {
          "name": "path",
          "words": {
            "english": "Full path of the file",
            "chinese": "文件的完整路径"
          },
          "kind": "existing_file",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "variable",
          "words": {
            "english": "The caller’s variable",
            "chinese": "调用方的变量名"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "replace",
          "words": {
            "english": "How it is replaced: in-place is for a single file that is mounted into a container",
            "chinese": "替换方式：单独挂载进容器的文件用 in-place"
          },
          "kind": "choice",
          "choices": [
            "atomic",
            "in-place"
          ],
          "is_secret": false,
          "default": "atomic"
        },
        {
          "name": "then",
          "words": {
            "english": "What to run afterwards, such as [\"docker\", \"restart\", \"name\"]; it gets nothing secret",
            "chinese": "写入后运行的程序，如 [\"docker\", \"restart\", \"名称\"]；不会得到任何机密"
          },
          "kind": "command",
          "choices": [],
          "is_secret": false,
          "default": ""
        }
      ]
    },
    {
      "name": "qqmusic-api-web",
      "group": "tool",
      "fields": [
        "qm_keyst"
      ],
      "title": {
        "english": "qqmusic-api-python, web part",
        "chinese": "qqmusic-api-python 的 Web 服务"
      },
      "about": {
        "english": "Writes the key of the first account in accounts.toml. It reads that only when it starts, and removes accounts that are not in it: let it be restarted afterwards.",
        "chinese": "写入 accounts.toml 中第一个账号的密钥。它只在启动时读取，并会删除未列出的账号，请设置写入后重启。"
      },
      "setup": {
        "english": "Set enabled to true under [credential], and put one account into accounts.toml.",
        "chinese": "在 [credential] 中把 enabled 设为 true，并在 accounts.toml 中写好一个账号。"
      },
      "proof": {
        "english": "The file is read back after it is written. A program that runs afterwards and ends with an error counts as a failure.",
        "chinese": "写入后会读回核对；之后运行的程序若出错则算失败。"
      },
      "renews": {
        "english": "It renews by itself when it can. It gets only what plays; leave the refresh fields empty.",
        "chinese": "它会尽可能自行续期。这里只给播放所需的部分，请把各 refresh 字段留空。"
      },
      "hands_over": false,
      "questions": [
        {
          "name": "path",
          "words": {
            "english": "Full path of the file",
            "chinese": "文件的完整路径"
          },
          "kind": "existing_file",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "replace",
          "words": {
            "english": "How it is replaced: in-place is for a single file that is mounted into a container",
            "chinese": "替换方式：单独挂载进容器的文件用 in-place"
          },
          "kind": "choice",
          "choices": [
            "atomic",
            "in-place"
          ],
          "is_secret": false,
          "default": "atomic"
        },
        {
          "name": "then",
          "words": {
            "english": "What to run afterwards, such as [\"docker\", \"restart\", \"name\"]; it gets nothing secret",
            "chinese": "写入后运行的程序，如 [\"docker\", \"restart\", \"名称\"]；不会得到任何机密"
          },
          "kind": "command",
          "choices": [],
          "is_secret": false,
          "default": ""
        }
      ]
    },
    {
      "name": "yt-dlp",
      "group": "tool",
      "fields": [],
      "title": {
        "english": "yt-dlp",
        "chinese": "yt-dlp"
      },
      "about": {
        "english": "Writes a cookies.txt for --cookies. yt-dlp writes the file anew when it ends, which is noticed and said; give each run a copy to avoid that.",
        "chinese": "写入 --cookies 用的 cookies.txt。yt-dlp 结束时会改写它，届时会提示；让每次运行使用副本即可避免。"
      },
      "setup": {
        "english": "Run it with --cookies and a copy of that file. Where it asks by plain http, the copy has to allow that: its page says how.",
        "chinese": "运行时用 --cookies 指定该文件的副本。它以 http 访问的，副本须放开 https 限制，做法见其页面。"
      },
      "proof": {
        "english": "The file is read back after it is written.",
        "chinese": "写入后会读回核对。"
      },
      "renews": null,
      "hands_over": false,
      "questions": [
        {
          "name": "path",
          "words": {
            "english": "Full path of the file",
            "chinese": "文件的完整路径"
          },
          "kind": "new_file",
          "choices": [],
          "is_secret": false,
          "default": null
        }
      ]
    },
    {
      "name": "cookiecloud",
      "group": "tool",
      "fields": [],
      "title": {
        "english": "CookieCloud",
        "chinese": "CookieCloud"
      },
      "about": {
        "english": "Puts the cookies beside what is there under a uuid; best one of its own, because the last who writes wins. Its encryption proves nothing of who wrote it and is as strong as the password: whoever runs the server can guess at it, so take a long random one.",
        "chinese": "把 Cookie 合并进某个 uuid 的数据；最好用单独的 uuid，因为后写入者会覆盖先写入者。其加密不防篡改，强度取决于密码，服务器的主人可以离线猜测，请用足够长的随机密码。"
      },
      "setup": {
        "english": "Give whoever reads it the same address, uuid and password.",
        "chinese": "在读取方填写同样的地址、uuid 和密码。"
      },
      "proof": {
        "english": "What is stored there is fetched again and compared.",
        "chinese": "会重新取回其中的数据并核对。"
      },
      "renews": null,
      "hands_over": false,
      "questions": [
        {
          "name": "url",
          "words": {
            "english": "The address, such as https://host:port",
            "chinese": "地址，如 https://主机:端口"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "uuid",
          "words": {
            "english": "The uuid; a new one if left out",
            "chinese": "uuid；省略则新建"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": ""
        },
        {
          "name": "cipher",
          "words": {
            "english": "The cipher",
            "chinese": "加密方式"
          },
          "kind": "choice",
          "choices": [
            "legacy",
            "aes-128-cbc-fixed"
          ],
          "is_secret": false,
          "default": "legacy"
        },
        {
          "name": "plain-http",
          "words": {
            "english": "Send it without encryption to a private address; whoever is on that network can read it",
            "chinese": "不加密发送到内网地址，同一网络中的人可以读到它"
          },
          "kind": "yes_no",
          "choices": [],
          "is_secret": false,
          "default": "no"
        },
        {
          "name": "password",
          "words": {
            "english": "The password",
            "chinese": "密码"
          },
          "kind": "text",
          "choices": [],
          "is_secret": true,
          "default": null
        }
      ]
    },
    {
      "name": "home-assistant",
      "group": "tool",
      "fields": [],
      "title": {
        "english": "Home Assistant (status)",
        "chinese": "Home Assistant（状态）"
      },
      "about": {
        "english": "Tells an automation with a webhook trigger that there is a new key and how long it lives; never the cookie. Home Assistant answers the same to every webhook, so this is only ever “sent, not confirmed”.",
        "chinese": "通过 Webhook 触发器告知自动化有了新密钥及其剩余天数，不含 Cookie。Home Assistant 对任何 Webhook 的回应都一样，因此只能显示“已发送，未确认”。"
      },
      "setup": {
        "english": "Create an automation with a webhook trigger, and copy the trigger’s id.",
        "chinese": "创建带 Webhook 触发器的自动化，并复制该触发器的 ID。"
      },
      "proof": {
        "english": "It can’t be proved, because every webhook is answered the same.",
        "chinese": "无法证实，因为任何 Webhook 得到的回应都一样。"
      },
      "renews": null,
      "hands_over": false,
      "questions": [
        {
          "name": "url",
          "words": {
            "english": "The address, such as https://host:port",
            "chinese": "地址，如 https://主机:端口"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "plain-http",
          "words": {
            "english": "Send it without encryption to a private address; whoever is on that network can read it",
            "chinese": "不加密发送到内网地址，同一网络中的人可以读到它"
          },
          "kind": "yes_no",
          "choices": [],
          "is_secret": false,
          "default": "no"
        },
        {
          "name": "webhook",
          "words": {
            "english": "The webhook’s id",
            "chinese": "Webhook ID"
          },
          "kind": "text",
          "choices": [],
          "is_secret": true,
          "default": null
        }
      ]
    },
    {
      "name": "file",
      "group": "general",
      "fields": [],
      "title": {
        "english": "A file",
        "chinese": "文件"
      },
      "about": {
        "english": "Writes a whole file in a format.",
        "chinese": "以某种格式写入整个文件。"
      },
      "setup": {
        "english": "Have your program read that file, again when it changes.",
        "chinese": "让你的程序读取该文件，并在变化时重新读取。"
      },
      "proof": {
        "english": "The file is read back after it is written.",
        "chinese": "写入后会读回核对。"
      },
      "renews": null,
      "hands_over": true,
      "questions": [
        {
          "name": "path",
          "words": {
            "english": "Full path of the file",
            "chinese": "文件的完整路径"
          },
          "kind": "new_file",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "format",
          "words": {
            "english": "The format of the cookie",
            "chinese": "Cookie 的格式"
          },
          "kind": "format",
          "choices": [],
          "is_secret": false,
          "default": "header"
        },
        {
          "name": "replace",
          "words": {
            "english": "How it is replaced: in-place is for a single file that is mounted into a container",
            "chinese": "替换方式：单独挂载进容器的文件用 in-place"
          },
          "kind": "choice",
          "choices": [
            "atomic",
            "in-place"
          ],
          "is_secret": false,
          "default": "atomic"
        },
        {
          "name": "mode",
          "words": {
            "english": "Who may read it, in octal, such as 640; as it is, or 600 when it is new",
            "chinese": "权限（八进制，如 640）；省略则保持原样，新文件为 600"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": ""
        },
        {
          "name": "owner",
          "words": {
            "english": "Whose it becomes: a name or number",
            "chinese": "属主：名称或编号"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": ""
        },
        {
          "name": "group",
          "words": {
            "english": "Of which group it becomes: a name or number",
            "chinese": "属组：名称或编号"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": ""
        },
        {
          "name": "then",
          "words": {
            "english": "What to run afterwards, such as [\"docker\", \"restart\", \"name\"]; it gets nothing secret",
            "chinese": "写入后运行的程序，如 [\"docker\", \"restart\", \"名称\"]；不会得到任何机密"
          },
          "kind": "command",
          "choices": [],
          "is_secret": false,
          "default": ""
        }
      ]
    },
    {
      "name": "env",
      "group": "general",
      "fields": [],
      "title": {
        "english": "A variable in a .env file",
        "chinese": ".env 文件中的变量"
      },
      "about": {
        "english": "Changes one variable and leaves every other byte as it is.",
        "chinese": "只改动一个变量，其余字节保持原样。"
      },
      "setup": {
        "english": "Have your program read that file. Where there is none, one with that variable alone is made.",
        "chinese": "让你的程序读取该文件；文件不存在时会新建，其中只有该变量。"
      },
      "proof": {
        "english": "The file is read back after it is written. A program that runs afterwards and ends with an error counts as a failure.",
        "chinese": "写入后会读回核对；之后运行的程序若出错则算失败。"
      },
      "renews": null,
      "hands_over": true,
      "questions": [
        {
          "name": "path",
          "words": {
            "english": "Full path of the file",
            "chinese": "文件的完整路径"
          },
          "kind": "existing_file",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "variable",
          "words": {
            "english": "The variable",
            "chinese": "变量名"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "value",
          "words": {
            "english": "What it becomes: {{cookie}}, or a part such as {{field.NAME}}",
            "chinese": "写入的内容：{{cookie}}，或其中一项，如 {{field.名称}}"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": "{{cookie}}"
        },
        {
          "name": "replace",
          "words": {
            "english": "How it is replaced: in-place is for a single file that is mounted into a container",
            "chinese": "替换方式：单独挂载进容器的文件用 in-place"
          },
          "kind": "choice",
          "choices": [
            "atomic",
            "in-place"
          ],
          "is_secret": false,
          "default": "atomic"
        },
        {
          "name": "then",
          "words": {
            "english": "What to run afterwards, such as [\"docker\", \"restart\", \"name\"]; it gets nothing secret",
            "chinese": "写入后运行的程序，如 [\"docker\", \"restart\", \"名称\"]；不会得到任何机密"
          },
          "kind": "command",
          "choices": [],
          "is_secret": false,
          "default": ""
        }
      ]
    },
    {
      "name": "config",
      "group": "general",
      "fields": [],
      "title": {
        "english": "A value in a TOML or JSON file",
        "chinese": "TOML 或 JSON 文件中的值"
      },
      "about": {
        "english": "Changes one value that is there already and leaves every other byte as it is.",
        "chinese": "只改动一个已有的值，其余字节保持原样。"
      },
      "setup": {
        "english": "Write the key with an empty text once, and have your program read that file.",
        "chinese": "先写入一次该键，值为空文本，并让你的程序读取该文件。"
      },
      "proof": {
        "english": "The file is read back after it is written. A program that runs afterwards and ends with an error counts as a failure.",
        "chinese": "写入后会读回核对；之后运行的程序若出错则算失败。"
      },
      "renews": null,
      "hands_over": true,
      "questions": [
        {
          "name": "path",
          "words": {
            "english": "Full path of the file",
            "chinese": "文件的完整路径"
          },
          "kind": "existing_file",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "at",
          "words": {
            "english": "Where, as a JSON Pointer such as /main/cookie",
            "chinese": "位置，JSON Pointer 写法，如 /main/cookie"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "syntax",
          "words": {
            "english": "What the file is written in",
            "chinese": "文件格式"
          },
          "kind": "choice",
          "choices": [
            "json",
            "toml"
          ],
          "is_secret": false,
          "default": "json"
        },
        {
          "name": "value",
          "words": {
            "english": "What it becomes: {{cookie}}, or a part such as {{field.NAME}}",
            "chinese": "写入的内容：{{cookie}}，或其中一项，如 {{field.名称}}"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": "{{cookie}}"
        },
        {
          "name": "replace",
          "words": {
            "english": "How it is replaced: in-place is for a single file that is mounted into a container",
            "chinese": "替换方式：单独挂载进容器的文件用 in-place"
          },
          "kind": "choice",
          "choices": [
            "atomic",
            "in-place"
          ],
          "is_secret": false,
          "default": "atomic"
        },
        {
          "name": "then",
          "words": {
            "english": "What to run afterwards, such as [\"docker\", \"restart\", \"name\"]; it gets nothing secret",
            "chinese": "写入后运行的程序，如 [\"docker\", \"restart\", \"名称\"]；不会得到任何机密"
          },
          "kind": "command",
          "choices": [],
          "is_secret": false,
          "default": ""
        }
      ]
    },
    {
      "name": "webhook",
      "group": "general",
      "fields": [],
      "title": {
        "english": "A webhook",
        "chinese": "Webhook"
      },
      "about": {
        "english": "Posts to an address of your own, signed as Standard Webhooks says or as GitHub does. The signature shows who sent it and hides nothing: use https.",
        "chinese": "发送到你自己的地址，按 Standard Webhooks 或 GitHub 的方式签名。签名只证明来源，不隐藏内容，请使用 https。"
      },
      "setup": {
        "english": "Have your receiver check the signature, and answer with 200 to 299 only once it has taken the value.",
        "chinese": "让接收方验证签名，并且只在收下后返回 200 至 299。"
      },
      "proof": {
        "english": "By the status of the answer, and by the field in it that you name.",
        "chinese": "看回应的状态码，以及你指定的字段。"
      },
      "renews": null,
      "hands_over": true,
      "questions": [
        {
          "name": "url",
          "words": {
            "english": "The address, such as https://host:port",
            "chinese": "地址，如 https://主机:端口"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "method",
          "words": {
            "english": "Method",
            "chinese": "请求方法"
          },
          "kind": "choice",
          "choices": [
            "POST",
            "PUT",
            "PATCH"
          ],
          "is_secret": false,
          "default": "POST"
        },
        {
          "name": "body-kind",
          "words": {
            "english": "Type of the body",
            "chinese": "正文类型"
          },
          "kind": "choice",
          "choices": [
            "json",
            "form",
            "text"
          ],
          "is_secret": false,
          "default": "json"
        },
        {
          "name": "body",
          "words": {
            "english": "The body, with placeholders",
            "chinese": "正文，可含占位符"
          },
          "kind": "lines",
          "choices": [],
          "is_secret": false,
          "default": "{\"account\":\"{{account}}\",\"cookie\":\"{{cookie}}\"}"
        },
        {
          "name": "signature",
          "words": {
            "english": "How it is signed",
            "chinese": "签名方式"
          },
          "kind": "choice",
          "choices": [
            "standard",
            "github",
            "none"
          ],
          "is_secret": false,
          "default": "standard"
        },
        {
          "name": "header",
          "words": {
            "english": "A header, such as Authorization: Bearer {{secret.token}}; what stands for it is given as a secret",
            "chinese": "请求头，如 Authorization: Bearer {{secret.token}}；其内容另作为机密提供"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": ""
        },
        {
          "name": "success",
          "words": {
            "english": "A field of the answer that has to be so, such as /code=200",
            "chinese": "回应中表示成功的字段，如 /code=200"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": ""
        },
        {
          "name": "format",
          "words": {
            "english": "The format of the cookie",
            "chinese": "Cookie 的格式"
          },
          "kind": "format",
          "choices": [],
          "is_secret": false,
          "default": "header"
        },
        {
          "name": "plain-http",
          "words": {
            "english": "Send it without encryption to a private address; whoever is on that network can read it",
            "chinese": "不加密发送到内网地址，同一网络中的人可以读到它"
          },
          "kind": "yes_no",
          "choices": [],
          "is_secret": false,
          "default": "no"
        },
        {
          "name": "signing",
          "words": {
            "english": "The secret that signs; for Standard Webhooks it begins with whsec_",
            "chinese": "签名密钥；Standard Webhooks 的以 whsec_ 开头"
          },
          "kind": "text",
          "choices": [],
          "is_secret": true,
          "default": null
        }
      ]
    },
    {
      "name": "command",
      "group": "general",
      "fields": [],
      "title": {
        "english": "A program",
        "chinese": "程序"
      },
      "about": {
        "english": "Runs a program and gives it the cookie on its standard input. Exit code 0 is success, 75 means later.",
        "chinese": "运行程序，从标准输入把 Cookie 交给它。退出码 0 为成功，75 表示稍后再试。"
      },
      "setup": {
        "english": "Have the program read its standard input to the end.",
        "chinese": "让该程序读完标准输入。"
      },
      "proof": {
        "english": "By its exit code.",
        "chinese": "看它的退出码。"
      },
      "renews": null,
      "hands_over": true,
      "questions": [
        {
          "name": "command",
          "words": {
            "english": "The program, or a JSON array of it and its arguments, which other users of this computer can see",
            "chinese": "程序，或含参数的 JSON 数组；参数会被本机其他用户看到"
          },
          "kind": "command",
          "choices": [],
          "is_secret": false,
          "default": null
        },
        {
          "name": "format",
          "words": {
            "english": "The format of the cookie",
            "chinese": "Cookie 的格式"
          },
          "kind": "format",
          "choices": [],
          "is_secret": false,
          "default": "header"
        },
        {
          "name": "variable",
          "words": {
            "english": "A variable for the cookie besides; other programs of yours can read it",
            "chinese": "另外放入的环境变量；你的其他程序可以读到"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": ""
        },
        {
          "name": "seconds",
          "words": {
            "english": "How many seconds it may take",
            "chinese": "最长运行秒数"
          },
          "kind": "text",
          "choices": [],
          "is_secret": false,
          "default": "30"
        }
      ]
    }
  ],
  "outcomes": {
    "confirmed": {
      "english": "delivered and confirmed",
      "chinese": "已送达并确认"
    },
    "accepted": {
      "english": "delivered",
      "chinese": "已送达"
    },
    "sent": {
      "english": "sent, not confirmed",
      "chinese": "已发送，未确认"
    },
    "later": {
      "english": "put off by the target",
      "chinese": "目标要求稍后再试"
    },
    "failed": {
      "english": "not delivered",
      "chinese": "未送达"
    }
  },
  "notices": {
    "rewritten": {
      "english": "Another program had rewritten the file since the last delivery. If it keeps cookies of its own in it, give it a copy instead.",
      "chinese": "上次送达后，有其他程序改写过该文件。如果它会把自己的 Cookie 写回其中，请改为给它一份副本。"
    },
    "other_entry": {
      "english": "The target has another entry for this service that may be used before this one.",
      "chinese": "目标中还有同一服务的其他条目，可能会优先使用。"
    },
    "switched_off": {
      "english": "The entry is switched off at the target; switch it on there.",
      "chinese": "该条目在目标中已停用，请在目标里启用。"
    },
    "empty_line": {
      "english": "There is an empty line in the file, at which the tool’s own reader stops. Unless Compose reads the file, take the line out.",
      "chinese": "文件中有空行，该工具自带的读取器会在那里出错。若不是由 Compose 读取，请删除空行。"
    }
  }
};
