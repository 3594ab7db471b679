; What the installer says, in both languages.

!macro Say name english chinese
  LangString ${name} ${LANG_ENGLISH} "${english}"
  LangString ${name} ${LANG_SIMPCHINESE} "${chinese}"
!macroend

!insertmacro Say PATH_ENTRY "tunekey in the terminal" "在终端中使用 tunekey"
!insertmacro Say ABOUT_PROGRAMS "The app and the command line." "应用和命令行工具。"
!insertmacro Say ABOUT_PATH_ENTRY \
  "Adds TuneKey’s folder to your PATH. Uninstalling takes it out again." \
  "将 TuneKey 的文件夹加入你的 PATH；卸载时会移除。"
!insertmacro Say RUNNING \
  "TuneKey is running.$\r$\n$\r$\nQuit it in its tray menu, or with Ctrl+Q in its window, and wait for tunekey to end in \
  every terminal. Then choose Retry." \
  "TuneKey 正在运行。$\r$\n$\r$\n请在托盘菜单中选择“退出”，或在窗口中按 Ctrl+Q，并等待终端中的 tunekey 结束，然后点击“重试”。"
!insertmacro Say NOT_WRITTEN "A file could not be written. Is it open in another program?" "有文件无法写入，可能正被其他程序占用。"
!insertmacro Say NEEDS_WINDOWS_10 "TuneKey needs Windows 10 or newer." "TuneKey 需要 Windows 10 或更高版本。"
!insertmacro Say NO_WEB_VIEW "The WebView2 Runtime is missing." "缺少 WebView2 运行时。"
!insertmacro Say OFFER_WEB_VIEW \
  "TuneKey is installed. Its window also needs the WebView2 Runtime from Microsoft, which this Windows does not \
  have.$\r$\n$\r$\nOpen Microsoft’s page to download it?" \
  "TuneKey 已安装。窗口还需要微软的 WebView2 运行时，此电脑上没有。$\r$\n$\r$\n要打开微软的下载页面吗？"
!insertmacro Say ACCOUNTS_STAY \
  "Your accounts stay: the profile in $LOCALAPPDATA\TuneKey and the keys in the Credential Manager are not removed. To \
  have them removed, too, sign out of each account in TuneKey first." \
  "账号会保留：不会删除 $LOCALAPPDATA\TuneKey 中的资料和凭据管理器中的密钥。如需一并删除，请先在 TuneKey 中退出每个账号。"
