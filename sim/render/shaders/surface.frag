// Writes colour, depth and body id in one go. The inputs are explained in surface.vert.
in vec4 normalKey, viewKey, shadowUp;
#ifdef TEXTURED
in vec3 viewUp;
uniform sampler2D MatTexture; // sRGB, decoded by the sampler
#else
in vec2 viewUp;
#endif
flat in vec4 keyColor, ground, sky, diffuse, mirror, fit;
uniform sampler2DShadow ShadowMap; // compares and blends the four nearest texels (Reeves et al. 1987)

layout(location = 0) out vec4 Color; // sRGB
layout(location = 1) out float Depth; // along cam z [m]
layout(location = 2) out int Id;

// shade is the light that leaves the surface towards the eye, linear, on a scale on which a white matt surface under a unit of light is
// 1: metallic-roughness shading under one distant key light with a shadow, and a sky above a ground.
vec3 shade(vec3 scattered, vec3 f0) {
	float perN = inversesqrt(dot(normalKey.xyz, normalKey.xyz));
	float perV = inversesqrt(dot(viewKey.xyz, viewKey.xyz));
	float nl = normalKey.w * perN;
	float nz = shadowUp.w * perN;
	float vl = viewKey.w * perV;
	float nv = dot(normalKey.xyz, viewKey.xyz) * (perN * perV);

	// Key light: Lambert, and GGX with the visibility and Fresnel terms folded into one quotient (Zioma, "Optimizing PBR for Mobile",
	// SIGGRAPH 2015): a²/(4 d² (l·h)² (roughness + ½)), d = (n·h)²(a² - 1) + 1. With |v + l|² = 2 + 2 v·l the half vector h isn't needed.
	float hh = max(2.0 + 2.0 * vl, 0.04);
	float nh = max(nl + nv, 0.0);
	float d = nh * nh * ground.w + hh;
	float spec = sky.w * hh / (d * d);
	float lit = max(nl, 0.0) * texture(ShadowMap, vec3(shadowUp.xy, min(shadowUp.z, 1.0)));
	vec3 color = keyColor.rgb * (lit * scattered + (lit * spec) * f0);

	// Ambient light: a hemisphere for the diffuse part; for the mirrored part the same hemisphere, sharper the smoother the surface,
	// weighted by the split-sum fit (Karis, "Physically Based Shading on Mobile", 2014).
	color += scattered * (ground.rgb + sky.rgb * (0.5 + 0.5 * nz));
	float mirrorUp = 2.0 * nv * nz - viewUp.x * perV;
	float up = clamp(0.5 + diffuse.w * mirrorUp, 0.0, 1.0);
	float t = min(fit.z, exp2(-9.28 * abs(nv))) * fit.w;
	color += (f0 * (fit.x - t) + (fit.y + t)) * (ground.rgb + sky.rgb * up);
	return color;
}

// encode takes linear light to sRGB. What is brighter than 0.8 is bent towards white instead of clipped; the transfer function is a
// cubic in the square root above its straight beginning (error below 0.002), which costs less than a power.
vec3 encode(vec3 c) {
	c = min(c, 1.0 - 0.2 / (5.0 * max(c, 0.8) - 3.0));
	vec3 s = sqrt(c);
	return max(12.92 * min(c, 0.0031308), ((0.216569 * s - 0.539952) * s + 1.357183) * s - 0.031926);
}

void main() {
#ifdef TEXTURED
	vec3 texel = texture(MatTexture, viewUp.yz).rgb;
	vec3 color = shade(diffuse.rgb * texel, mirror.rgb * texel + mirror.a);
#else
	vec3 color = shade(diffuse.rgb, mirror.rgb);
#endif
	Color = vec4(encode(color), 1.0);
	Depth = 1.0 / gl_FragCoord.w; // clip w is the depth along cam z, see Camera.ProjectionGL
	Id = int(keyColor.w);
}
