// A sunflower of glass and pearl on still water at dusk, rendered tile by tile.
//
// Declare on the command line: Column and Row (the tile, from the top left), Round (which way the
// camera looks). Columns and Rows below must be those of combine.py. No radiosity: a tile must not
// depend on any other.
#version 3.7;
global_settings { assumed_gamma 1.0 max_trace_level 12 }

#ifndef (Column) #declare Column = 0; #end
#ifndef (Row) #declare Row = 0; #end
#ifndef (Round) #declare Round = 1; #end
#declare Columns = 4;
#declare Rows = 3;

// Camera: the whole picture's frame, of which each tile is an equal part.
#declare Turn = radians(24 * Round + 10);
#declare Eye = <17.5 * sin(Turn), 6.3, -17.5 * cos(Turn)>;
#declare Aim = <0, 1.9, 0>;
#declare Forward = vnormalize(Aim - Eye);
#declare Right = vnormalize(vcross(y, Forward));
#declare Up = vcross(Forward, Right);
#declare Frame_Width = 1.06;
#declare Frame_Height = Frame_Width * 600 / 960;
#declare Offset_X = ((Column + 0.5) / Columns - 0.5) * Frame_Width;
#declare Offset_Y = (0.5 - (Row + 0.5) / Rows) * Frame_Height;

camera {
  perspective
  location Eye
  right Right * Frame_Width / Columns
  up Up * Frame_Height / Rows
  direction Forward + Right * Offset_X + Up * Offset_Y
}

// Dusk: a warm horizon below a deep sky; the sun stands low behind the left shoulder.
sky_sphere {
  pigment {
    gradient y
    color_map {
      [0.00 rgb <0.98, 0.50, 0.22>]
      [0.06 rgb <0.93, 0.42, 0.30>]
      [0.18 rgb <0.48, 0.26, 0.42>]
      [0.45 rgb <0.10, 0.12, 0.30>]
      [1.00 rgb <0.02, 0.03, 0.11>]
    }
  }
}

light_source {
  vrotate(<-46, 30, -62>, <0, -degrees(Turn), 0>)
  color rgb <1.55, 1.22, 0.92>
  area_light <7, 0, 0>, <0, 7, 0>, 9, 9 adaptive 1 jitter circular orient
}
light_source { <0, 60, 0> color rgb <0.16, 0.20, 0.34> shadowless }

// Still water.
plane {
  y, 0
  pigment { rgb <0.012, 0.022, 0.045> }
  normal { bumps 0.06 scale <1.6, 0.4, 0.7> }
  finish { ambient 0 diffuse 0.35 reflection { 0.10, 0.85 fresnel on } conserve_energy }
  interior { ior 1.33 }
}

// The seeds sit where a sunflower puts them: each turns by the golden angle from the last.
#declare Golden_Angle = 137.50776;
#declare Seeds = 210;
#declare N = 1;
#while (N <= Seeds)
  #declare Far = 0.60 * sqrt(N + 6);
  #declare Angle = radians(N * Golden_Angle);
  #declare Share = N / Seeds;
  #declare Size = 0.23 + 0.25 * Share;
  #declare Height = 0.5 + 1.5 * pow(1 - Share, 2) + 0.22 * sin(Far * 2.4);
  #declare Hue = 0.5 + 0.5 * cos(Angle);
  sphere {
    <Far * cos(Angle), Height, Far * sin(Angle)>, Size
    #if (mod(N, 5) = 0)
      pigment { rgbf <0.97, 0.95, 0.90, 0.92> }
      finish { ambient 0 diffuse 0.05 specular 0.9 roughness 0.002 reflection { 0.02, 0.9 fresnel on } conserve_energy }
      interior { ior 1.45 fade_distance 1 fade_power 1001 fade_color rgb <0.9, 0.75, 0.6> }
    #else
      pigment { rgb <0.85, 0.16, 0.20> * (1 - Share) * (1 - Hue) + <0.98, 0.62, 0.16> * (1 - Share) * Hue
                    + <0.10, 0.42, 0.62> * Share * (1 - Hue) + <0.42, 0.20, 0.58> * Share * Hue }
      finish { ambient 0.02 diffuse 0.72 specular 0.55 roughness 0.01 reflection { 0.04, 0.45 fresnel on } conserve_energy }
      interior { ior 1.6 }
    #end
  }
  #declare N = N + 1;
#end

// The heart: one large glass ball over a golden one.
sphere {
  <0, 3.15, 0>, 1.35
  pigment { rgbf <0.98, 0.98, 1.0, 0.96> }
  finish { ambient 0 diffuse 0 specular 1 roughness 0.001 reflection { 0.02, 1.0 fresnel on } conserve_energy }
  interior { ior 1.5 }
}
sphere {
  <0, 1.1, 0>, 0.75
  pigment { rgb <1.0, 0.72, 0.28> }
  finish { ambient 0.02 diffuse 0.3 metallic specular 0.9 roughness 0.02 reflection { 0.55 metallic } }
}
