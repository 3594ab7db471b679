; The Windows installer: for one user, without an administrator's rights. `cargo xtask cross` and `dist` have it compiled
; with VERSION, FILE_VERSION (four numbers), PUBLISHER, HOMEPAGE, FILES (the folder with what is installed) and OUTPUT,
; and for tests with FAST.
;
;   /S           asks nothing. Ends with 3 when TuneKey is running, and then changes nothing.
;   /PATH=no     leaves the PATH alone; /PATH=yes adds to it. By default as before, the first time yes.
;   /D=FOLDER    installs somewhere else. Comes last, without quotes.

Target amd64-unicode
!ifdef FAST
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
!endif

!include FileFunc.nsh
!include LogicLib.nsh
!include MUI2.nsh
!include Sections.nsh
!include WinVer.nsh
!include path.nsh

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\TuneKey"
; What notifications name themselves by: the app's identifier.
!define NOTIFIER "Software\Classes\AppUserModelId\dev.tunekey.desktop"
; https://learn.microsoft.com/microsoft-edge/webview2/concepts/distribution: where 64-bit Windows keeps the runtime's version.
!define WEB_VIEW "Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}"
!define WEB_VIEW_PAGE "https://developer.microsoft.com/microsoft-edge/webview2/consumer"
; Where Windows has what starts with it: the app's switch puts itself there.
!define RUN "Software\Microsoft\Windows\CurrentVersion\Run"
!define SHORTCUT "$SMPROGRAMS\TuneKey.lnk"
; Exit codes beside those of NSIS: 0 done, 1 cancelled, 2 failed.
!define IN_USE 3

Name TuneKey
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\TuneKey"
InstallDirRegKey HKCU "${UNINSTALL}" InstallLocation
RequestExecutionLevel user
ManifestDPIAware true
BrandingText "TuneKey ${VERSION}"
AllowSkipFiles off

VIProductVersion "${FILE_VERSION}"
VIAddVersionKey ProductName TuneKey
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileDescription "TuneKey Setup"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey CompanyName "${PUBLISHER}"
VIAddVersionKey LegalCopyright "${PUBLISHER}"

!define MUI_ICON "..\..\icons\icon.ico"
!define MUI_UNICON "..\..\icons\icon.ico"
!define MUI_COMPONENTSPAGE_SMALLDESC
!define MUI_FINISHPAGE_RUN "$INSTDIR\tunekey-desktop.exe"
!define MUI_FINISHPAGE_NOREBOOTSUPPORT
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!define MUI_UNCONFIRMPAGE_TEXT_TOP "$(ACCOUNTS_STAY)"
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
; The system's own language decides between them; the first stands for every other one.
!insertmacro MUI_LANGUAGE English
!insertmacro MUI_LANGUAGE SimpChinese
!include words.nsh

; Goes on once none of the programs is running: an open program cannot be written to.
!macro EnsureStopped un
  Function ${un}EnsureStopped
    ${Do}
      StrCpy $1 ""
      !insertmacro NoteIfOpen tunekey-desktop.exe
      !insertmacro NoteIfOpen tunekey.exe
      ${If} $1 == ""
        Return
      ${EndIf}
    ${LoopWhile} ${Cmd} `MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNNING)" /SD IDCANCEL IDRETRY`
    SetErrorLevel ${IN_USE}
    Quit
  FunctionEnd
!macroend

!macro NoteIfOpen name
  ${If} ${FileExists} "$INSTDIR\${name}"
    ClearErrors
    FileOpen $0 "$INSTDIR\${name}" a
    ${If} ${Errors}
      StrCpy $1 "${name}"
    ${Else}
      FileClose $0
    ${EndIf}
  ${EndIf}
!macroend

!insertmacro EnsureStopped ""
!insertmacro EnsureStopped "un."
!insertmacro PathFunctions ""
!insertmacro PathFunctions "un."

Section "TuneKey" Programs
  SectionIn RO
  Call EnsureStopped
  ClearErrors
  SetOutPath "$INSTDIR"
  File "${FILES}\tunekey-desktop.exe"
  File "${FILES}\tunekey.exe"
  File "${FILES}\WebView2Loader.dll"
  File "${FILES}\icon.png"
  File "${FILES}\LICENSE-MIT.txt"
  File "${FILES}\LICENSE-APACHE.txt"
  File "${FILES}\LICENSE-WebView2Loader.txt"
  File "${FILES}\THIRD-PARTY-LICENSES.txt"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "${SHORTCUT}" "$INSTDIR\tunekey-desktop.exe"
  ${If} ${Errors}
    SetErrorLevel 2
    Abort "$(NOT_WRITTEN)"
  ${EndIf}

  SectionGetSize ${Programs} $0
  WriteRegStr HKCU "${UNINSTALL}" DisplayName TuneKey
  WriteRegStr HKCU "${UNINSTALL}" DisplayVersion "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" Publisher "${PUBLISHER}"
  WriteRegStr HKCU "${UNINSTALL}" DisplayIcon "$INSTDIR\tunekey-desktop.exe,0"
  WriteRegDWORD HKCU "${UNINSTALL}" EstimatedSize $0
  WriteRegStr HKCU "${UNINSTALL}" InstallLocation "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" URLInfoAbout "${HOMEPAGE}"
  WriteRegStr HKCU "${UNINSTALL}" URLUpdateInfo "${HOMEPAGE}/releases"
  WriteRegStr HKCU "${UNINSTALL}" UninstallString '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" QuietUninstallString '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" NoModify 1
  WriteRegDWORD HKCU "${UNINSTALL}" NoRepair 1
  WriteRegStr HKCU "${NOTIFIER}" DisplayName TuneKey
  WriteRegStr HKCU "${NOTIFIER}" IconUri "$INSTDIR\icon.png"
SectionEnd

Section "$(PATH_ENTRY)" Path
  Call AddToPath
SectionEnd

Section "-"
  ${IfNot} ${SectionIsSelected} ${Path}
    Call RemoveFromPath
  ${EndIf}
  Call OfferWebView
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${Programs} "$(ABOUT_PROGRAMS)"
  !insertmacro MUI_DESCRIPTION_TEXT ${Path} "$(ABOUT_PATH_ENTRY)"
!insertmacro MUI_FUNCTION_DESCRIPTION_END

Function .onInit
  ${IfNot} ${AtLeastWin10}
    MessageBox MB_ICONSTOP "$(NEEDS_WINDOWS_10)" /SD IDOK
    SetErrorLevel 2
    Quit
  ${EndIf}
  Call ChoosePath
FunctionEnd

; The PATH stays as the person had it: who has taken the entry out does not get it again with the next version.
Function ChoosePath
  ReadRegStr $0 HKCU "${UNINSTALL}" DisplayVersion
  ${If} $0 != ""
    Call IsInPath
    ${If} $0 == no
      !insertmacro UnselectSection ${Path}
    ${EndIf}
  ${EndIf}
  ${GetParameters} $0
  ${GetOptions} $0 "/PATH=" $1
  ${If} $1 == no
    !insertmacro UnselectSection ${Path}
  ${ElseIf} $1 == yes
    !insertmacro SelectSection ${Path}
  ${EndIf}
FunctionEnd

; Leads to the page that has what the window is drawn with, where it is missing.
Function OfferWebView
  ReadRegStr $0 HKLM "Software\WOW6432Node\${WEB_VIEW}" pv
  ReadRegStr $1 HKCU "Software\${WEB_VIEW}" pv
  ${IfThen} $0 == "0.0.0.0" ${|} StrCpy $0 "" ${|}
  ${IfThen} $1 == "0.0.0.0" ${|} StrCpy $1 "" ${|}
  ${If} "$0$1" == ""
    DetailPrint "$(NO_WEB_VIEW)"
    ${If} ${Cmd} `MessageBox MB_YESNO|MB_ICONINFORMATION "$(OFFER_WEB_VIEW)" /SD IDNO IDYES`
      ExecShell open "${WEB_VIEW_PAGE}"
    ${EndIf}
  ${EndIf}
FunctionEnd

; Only what was installed is removed. The profile and the credentials are the person's.
Section un.TuneKey
  Call un.EnsureStopped
  Delete "${SHORTCUT}"
  Delete "$INSTDIR\tunekey-desktop.exe"
  Delete "$INSTDIR\tunekey.exe"
  Delete "$INSTDIR\WebView2Loader.dll"
  Delete "$INSTDIR\icon.png"
  Delete "$INSTDIR\LICENSE-MIT.txt"
  Delete "$INSTDIR\LICENSE-APACHE.txt"
  Delete "$INSTDIR\LICENSE-WebView2Loader.txt"
  Delete "$INSTDIR\THIRD-PARTY-LICENSES.txt"
  Delete "$INSTDIR\uninstall.exe"
  SetOutPath "$TEMP"
  RMDir "$INSTDIR"
  Call un.RemoveFromPath
  DeleteRegValue HKCU "${RUN}" TuneKey
  DeleteRegKey HKCU "${NOTIFIER}"
  DeleteRegKey HKCU "${UNINSTALL}"
  DetailPrint "$(ACCOUNTS_STAY)"
SectionEnd
